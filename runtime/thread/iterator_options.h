// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/base/statistic.h>

#include <cstddef>
#include <optional>
#include <string>
#include <utility>

namespace aiomisc {

class ThreadPoolExecutor;

/// What an iterator over a producer in a thread counts.
struct IteratorWrapperStatistic final : Statistic {
    static constexpr std::string_view kKind = "IteratorWrapperStatistic";

    explicit IteratorWrapperStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}

    Metric started{metric("started")};            ///< 1 when the producer was asked to start
    Metric queue_size{metric("queue_size")};      ///< items it may hold; 0: no limit
    Metric queue_length{metric("queue_length")};  ///< items it holds
    Metric yielded{metric("yielded")};            ///< items given to the loop
    Metric enqueued{metric("enqueued")};          ///< items that came from the producer
};

struct IteratorOptions {
    /// Items that wait for the loop before the producer is blocked; 0: no limit. None:
    /// `THREADED_ITERABLE_DEFAULT_MAX_SIZE`, else 1024.
    std::optional<std::size_t> max_size{};
    /// Null: the default pool of the loop. Must live until the producer has started. Not used by
    /// what runs in a thread of its own.
    ThreadPoolExecutor* executor = nullptr;
    /// Names its IteratorWrapperStatistic, and a thread of its own.
    std::string statistic_name{};
};

namespace detail {

/// Errors: ConfigError (the variable is no number).
[[nodiscard]] std::size_t iterator_size(const IteratorOptions& options);

}  // namespace detail

}  // namespace aiomisc
