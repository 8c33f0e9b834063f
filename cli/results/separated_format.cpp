// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/results/table_format.h>

#include <algorithm>
#include <chrono>
#include <vector>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kChunk = 65536;

double seconds(std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
}

double seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

std::string with_quotes_doubled(std::string_view text) {
    std::string doubled;
    doubled.reserve(text.size() + 2);
    for (const char c : text) {
        doubled.append(c == '"' ? 2 : 1, c);
    }
    return doubled;
}

std::string field(std::string_view text, char separator) {
    const char special[] = {'"', '\r', '\n', separator};
    if (text.find_first_of(std::string_view(special, sizeof special)) == std::string_view::npos) {
        return std::string(text);
    }
    return "\"" + with_quotes_doubled(text) + "\"";
}

/// Always in quotes: what is in it is known only when it was written.
void write_output(TableFile& file, const UnnamedFile& output) {
    if (output.size() == 0) {
        return;
    }
    std::vector<char> chunk(kChunk);
    file.write("\"");
    for (std::uint64_t offset = 0; offset < output.size();) {
        const std::size_t count = output.read(offset, chunk.data(), chunk.size());
        file.write(with_quotes_doubled({chunk.data(), count}));
        offset += count;
    }
    file.write("\"");
}

}  // namespace

std::string SeparatedFormat::header(const std::vector<std::string>& items) const {
    std::string line(kTsvHeader);
    std::replace(line.begin(), line.end(), '\t', separator_);
    line.back() = separator_;  // in place of the line end
    for (const std::string& item : items) {
        line += field(item, separator_) + separator_;
    }
    return line + "Stdout" + separator_ + "Stderr\n";
}

void SeparatedFormat::write(TableFile& file, const TableRow& row, std::size_t items) const {
    const JobResult& result = row.result;
    file.write(fmt::format(
        "{1}{0}:{0}{2:.3f}{0}{3:.3f}{0}{4}{0}{5}{0}{6}{0}{7}{0}",
        separator_,
        row.job.seq,
        seconds(result.started),
        seconds(result.runtime),
        result.in_bytes,
        result.out_bytes,
        result.exit_status,
        result.signal));
    file.write(field(row.job.text, separator_) + separator_);
    for (std::size_t column = 0; column < items; ++column) {
        file.write(
            (column < row.job.items.size() ? field(row.job.items[column], separator_) : "") +
            separator_);
    }
    write_output(file, row.out);
    file.write(std::string(1, separator_));
    write_output(file, row.err);
    file.write("\n");
}

}  // namespace aiomisc::cli
