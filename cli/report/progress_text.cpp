// SPDX-License-Identifier: MIT
#include <aiomisc/cli/report/progress_text.h>

#include <aiomisc/cli/log/json_object.h>

#include <algorithm>
#include <cmath>
#include <vector>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

constexpr std::size_t kLeastBar = 10;
constexpr std::size_t kMostBar = 20;

constexpr const char* kGreen = "32";
constexpr const char* kRed = "31";

constexpr std::size_t kFailedField = 1;  // if something failed

double done_share(const ProgressState& state) {
    if (!state.total || *state.total == 0) {
        return 0;
    }
    const double done = static_cast<double>(state.done) + state.partial;
    return std::min(done / static_cast<double>(*state.total), 1.0);
}

double rate(const ProgressState& state) {
    const auto milliseconds = static_cast<double>(state.elapsed.count());
    return milliseconds > 0 ? static_cast<double>(state.done) * 1000 / milliseconds : 0;
}

std::vector<std::string> fields_of(const ProgressState& state) {
    std::vector<std::string> fields;
    fields.push_back(
        fmt::format("{}/{}", state.done, state.total ? std::to_string(*state.total) : "?"));
    if (state.failed > 0) {
        fields.push_back(fmt::format("{} failed", state.failed));
    }
    fields.push_back(fmt::format("{} running", state.running));
    fields.push_back(fmt::format("{:.1f}/s", rate(state)));
    if (const auto left = time_left(state)) {
        fields.push_back("ETA " + clock_text(*left));
    }
    return fields;
}

std::string colored(const std::string& text, const char* color, bool colors) {
    return colors ? fmt::format("\x1b[{}m{}\x1b[0m", color, text) : text;
}

std::string bar_of(double share, std::size_t cells, bool colors) {
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(cells));
    const std::string done = std::string(filled, '#') + (filled < cells ? ">" : "");
    return "[" + colored(done, kGreen, colors) + std::string(cells - done.size(), ' ') + "] ";
}

std::string joined(
    const std::vector<std::string>& fields, std::size_t count, const char* separator) {
    std::string text;
    for (std::size_t index = 0; index < count; ++index) {
        text += index == 0 ? "" : separator;
        text += fields[index];
    }
    return text;
}

}  // namespace

std::optional<std::chrono::seconds> time_left(const ProgressState& state) {
    if (!state.total || !state.median_runtime) {
        return std::nullopt;
    }
    const std::uint64_t left = *state.total - std::min(state.done, *state.total);
    const double microseconds = static_cast<double>(left) *
                                static_cast<double>(state.median_runtime->count()) /
                                std::max(state.slots, 1U);
    constexpr double kMostSeconds = 1e9;
    return std::chrono::seconds(std::llround(std::min(microseconds / 1e6, kMostSeconds)));
}

std::string clock_text(std::chrono::seconds time) {
    const auto seconds = time.count();
    return seconds < 3600
               ? fmt::format("{}:{:02}", seconds / 60, seconds % 60)
               : fmt::format("{}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

std::string bar_text(const ProgressState& state, const BarStyle& style) {
    std::vector<std::string> fields = fields_of(state);
    const std::size_t width = style.width;
    const std::string percent =
        state.total ? fmt::format("{:3}% ", std::floor(done_share(state) * 100)) : "";
    const auto columns = [&](std::size_t count) {
        std::size_t sum = percent.size() + (count - 1) * 3;  // " · " is three columns
        for (std::size_t index = 0; index < count; ++index) {
            sum += fields[index].size();
        }
        return sum;
    };
    std::size_t shown = fields.size();
    while (shown > 1 && columns(shown) > width) {
        --shown;
    }
    const char* const separator = style.utf8 ? " \u00b7 " : " | ";
    if (columns(shown) > width) {
        return (percent + fields.front()).substr(0, width);
    }
    std::string text = percent;
    const std::size_t room = width - columns(shown);
    if (state.total && room >= kLeastBar + 3) {
        text += bar_of(done_share(state), std::min(room - 3, kMostBar), style.colors);
    }
    if (state.failed > 0) {
        fields[kFailedField] = colored(fields[kFailedField], kRed, style.colors);
    }
    return text + joined(fields, shown, separator);
}

std::string plain_text(const ProgressState& state) {
    const std::vector<std::string> fields = fields_of(state);
    return joined(fields, fields.size(), ", ");
}

std::string json_text(const ProgressState& state) {
    JsonObject object;
    object.set("type", "progress").set("done", state.done).set("failed", state.failed);
    object.set("running", state.running);
    if (state.total) {
        object.set("total", *state.total);
        // What running job functions say is done of them is in here, too.
        object.set("share", done_share(state));
    }
    object.set("elapsed", static_cast<double>(state.elapsed.count()) / 1000);
    object.set("rate", rate(state));
    if (const auto left = time_left(state)) {
        object.set("eta", std::int64_t{left->count()});
    }
    return object.line();
}

}  // namespace aiomisc::cli
