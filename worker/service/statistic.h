// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>

#include <string>
#include <string_view>
#include <utility>

namespace aiomisc {

/// What a ProcessService counts about its processes.
///
/// Affinity:  any thread.
struct ProcessServiceStatistic : Statistic {
    static constexpr std::string_view kKind = "ProcessServiceStatistic";

    explicit ProcessServiceStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric running{metric("running")};  ///< 1 while there is a process, else 0
    Metric started{metric("started")};  ///< times that in_process() began
    Metric exited{metric("exited")};    ///< processes that ended, in whichever way
    Metric failed{metric("failed")};  ///< of these, otherwise than by exiting with 0, or by stop()
    Metric killed{metric("killed")};  ///< of these, with SIGKILL by stop()
};

}  // namespace aiomisc
