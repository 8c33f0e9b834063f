// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/base64.h>
#include <aiomisc/cli/log/json_object.h>
#include <aiomisc/cli/report/printable.h>
#include <aiomisc/cli/results/table_format.h>

#include <algorithm>
#include <functional>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kChunk = 65536;

/// How many bytes at the end of `text` are the beginning of a character, if it is UTF-8.
std::size_t unfinished_bytes(std::string_view text) {
    for (std::size_t back = 1; back <= std::min<std::size_t>(3, text.size()); ++back) {
        const auto byte = static_cast<unsigned char>(text[text.size() - back]);
        if (byte < 0x80) {
            return 0;
        }
        if (byte >= 0xc0) {
            const std::size_t length = byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2;
            return length > back ? back : 0;
        }
    }
    return 0;
}

/// Hands out the file in pieces. `take` returns how many bytes at the end of a piece are to be
/// those at the beginning of the next one; of the last one it takes all.
void for_each_piece(
    const UnnamedFile& file,
    const std::function<std::size_t(std::string_view piece, bool last)>& take) {
    std::string piece;
    std::size_t left = 0;
    for (std::uint64_t offset = 0; offset < file.size();) {
        piece.erase(0, piece.size() - left);
        piece.resize(left + kChunk);
        const std::size_t count = file.read(offset, piece.data() + left, kChunk);
        piece.resize(left + count);
        offset += count;
        left = take(piece, offset == file.size());
    }
}

bool holds_utf8(const UnnamedFile& file) {
    bool valid = true;
    for_each_piece(file, [&valid](std::string_view piece, bool last) {
        const std::size_t left = last ? 0 : unfinished_bytes(piece);
        valid = valid && is_utf8(piece.substr(0, piece.size() - left));
        return left;
    });
    return valid;
}

void write_text(TableFile& file, const UnnamedFile& output) {
    for_each_piece(output, [&file](std::string_view piece, bool last) {
        const std::size_t left = last ? 0 : unfinished_bytes(piece);
        file.write(json_escaped(piece.substr(0, piece.size() - left)));
        return left;
    });
}

void write_base64(TableFile& file, const UnnamedFile& output) {
    for_each_piece(output, [&file](std::string_view piece, bool last) {
        // Of pieces whose length three divides, the Base64 is that of the whole.
        const std::size_t left = last ? 0 : piece.size() % 3;
        file.write(base64(piece.substr(0, piece.size() - left)));
        return left;
    });
}

void write_output(TableFile& file, std::string_view key, const UnnamedFile& output) {
    const bool is_text = holds_utf8(output);
    file.write(fmt::format(",\"{}{}\":\"", key, is_text ? "" : "_b64"));
    if (is_text) {
        write_text(file, output);
    } else {
        write_base64(file, output);
    }
    file.write("\"");
}

}  // namespace

void JsonFormat::write(TableFile& file, const TableRow& row, std::size_t) const {
    const JobResult& result = row.result;
    JsonObject object;
    object.set("Seq", row.job.seq)
        .set("Host", ":")
        .set_time("Starttime", result.started.time_since_epoch())
        .set_time("JobRuntime", result.runtime)
        .set("Send", result.in_bytes)
        .set("Receive", result.out_bytes)
        .set("Exitval", std::int64_t{result.exit_status})
        .set("Signal", std::int64_t{result.signal})
        .set_bytes("Command", row.job.text)
        .set_bytes_list("V", row.job.items);
    const std::string line = object.line();
    file.write(std::string_view(line).substr(0, line.rfind('}')));
    write_output(file, "Stdout", row.out);
    write_output(file, "Stderr", row.err);
    file.write("}\n");
}

}  // namespace aiomisc::cli
