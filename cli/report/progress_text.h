// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace aiomisc::cli {

/// Where a run stands.
struct ProgressState {
    std::optional<std::uint64_t> total;  ///< none while the input is not read to its end
    std::uint64_t done = 0;
    std::uint64_t failed = 0;  ///< of those done
    std::uint64_t running = 0;
    double partial = 0;  ///< what the running jobs say is done of them: 0 to `running`
    unsigned slots = 1;
    std::chrono::milliseconds elapsed{0};
    std::optional<std::chrono::microseconds> median_runtime;
};

/// Time left: the median runtime for each job that is not done, shared by the slots. None without a
/// total, or before the first job is done.
std::optional<std::chrono::seconds> time_left(const ProgressState& state);

/// `0:47`, `12:03`, `3:02:01`.
std::string clock_text(std::chrono::seconds time);

/// What a terminal can show.
struct BarStyle {
    std::size_t width = 80;
    bool utf8 = false;    ///< a middle dot
    bool colors = false;  ///< the bar green, failures red
};

/// The bar, at most `style.width` columns wide:
///
///      42% [########>           ] 420/1000 · 5 failed · 4 running · 12.3/s · ETA 0:47
///
/// In a narrow terminal the bar goes first, then fields from the right. Without a total there is
/// neither bar nor ETA.
std::string bar_text(const ProgressState& state, const BarStyle& style);

/// The line of --progress plain, without a line end.
std::string plain_text(const ProgressState& state);

/// The object of --progress json, with a line end.
std::string json_text(const ProgressState& state);

}  // namespace aiomisc::cli
