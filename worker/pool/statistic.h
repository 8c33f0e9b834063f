// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>

#include <string>
#include <string_view>
#include <utility>

namespace aiomisc {

/// What a WorkerPool counts, under the names of aiomisc. WorkerPool::statistics() tells more.
///
/// Affinity:  any thread.
struct WorkerPoolStatistic : Statistic {
    static constexpr std::string_view kKind = "WorkerPoolStatistic";

    explicit WorkerPoolStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric processes{metric("processes")};    ///< workers that are ready, now
    Metric spawning{metric("spawning")};      ///< workers that are being forked, now
    Metric queue_size{metric("queue_size")};  ///< calls that wait for a worker, now
    Metric submitted{metric("submitted")};
    Metric sum_time{metric("sum_time")};  ///< seconds that workers were at calls
    Metric done{metric("done")};          ///< calls that ended, in whichever way
    Metric success{metric("success")};
    Metric error{metric("error")};        ///< threw, timed out, or lost their worker or the pool
    Metric bad_auth{metric("bad_auth")};  ///< always 0: workers have nothing to authenticate with
    Metric task_added{metric("task_added")};  ///< calls that were queued: as many as submitted
};

/// What a ProcessPoolExecutor counts.
///
/// Affinity:  any thread.
struct ProcessPoolStatistic : Statistic {
    static constexpr std::string_view kKind = "ProcessPoolStatistic";

    explicit ProcessPoolStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric processes{metric("processes")};  ///< workers that are ready, now
    Metric done{metric("done")};            ///< calls that ended, in whichever way
    Metric error{metric("error")};          ///< calls that threw, or were lost with the executor
    Metric success{metric("success")};
    Metric submitted{metric("submitted")};
    Metric sum_time{metric("sum_time")};  ///< seconds that workers were at calls
};

}  // namespace aiomisc
