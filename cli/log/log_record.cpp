// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_record.h>

#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/log/json_record.h>
#include <aiomisc/cli/log/tsv_field.h>

#include <array>
#include <charconv>
#include <system_error>
#include <utility>

namespace aiomisc::cli {
namespace {

template <typename Number>
std::optional<Number> number(std::string_view text) {
    Number value{};
    const char* const begin = text.data();
    const char* const end = begin + text.size();
    const auto [stop, error] = std::from_chars(begin, end, value);
    return error == std::errc() && stop == end ? std::optional(value) : std::nullopt;
}

constexpr std::size_t kColumns = 9;

std::optional<std::array<std::string_view, kColumns>> columns(std::string_view line) {
    std::array<std::string_view, kColumns> fields;
    for (std::size_t at = 0; at < kColumns; ++at) {
        const std::size_t tab = line.find('\t');
        if ((tab == std::string_view::npos) != (at + 1 == kColumns)) {
            return std::nullopt;
        }
        fields[at] = line.substr(0, tab);
        line.remove_prefix(tab == std::string_view::npos ? line.size() : tab + 1);
    }
    return fields;
}

std::optional<LogRecord> parse_tsv(std::string_view line) {
    if (line == kTsvHeader.substr(0, kTsvHeader.size() - 1)) {
        return OtherLine{};
    }
    const auto fields = columns(line);
    if (!fields) {
        return std::nullopt;
    }
    const auto seq = number<std::uint64_t>((*fields)[0]);
    const auto exit = number<int>((*fields)[6]);
    const auto signal = number<int>((*fields)[7]);
    auto command = unescape_field((*fields)[8]);
    if (!seq || !is_seq(*seq) || !exit || !signal || !command) {
        return std::nullopt;
    }
    return LoggedJob{
        .seq = *seq,
        .items = std::nullopt,
        .command = std::move(*command),
        .succeeded = *exit == 0 && *signal == 0};
}

}  // namespace

LogFormat log_format(std::string_view path) noexcept {
    return path.ends_with(".jsonl") ? LogFormat::kJson : LogFormat::kTsv;
}

std::optional<LogRecord> parse_log_line(LogFormat format, std::string_view line) {
    return format == LogFormat::kJson ? parse_json_record(line) : parse_tsv(line);
}

}  // namespace aiomisc::cli
