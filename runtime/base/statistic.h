// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <concepts>
#include <deque>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc {

namespace detail {

/// The numbers of one Statistic; they live as long as somebody reads them.
struct StatisticValues {
    struct Entry {
        explicit Entry(std::string_view metric) : name(metric) {}

        std::string_view name;
        std::atomic<double> value{0};
    };

    std::vector<std::string_view> kinds;
    std::string name;
    std::deque<Entry> entries;  // a deque: metrics point into it
};

}  // namespace detail

/// One number of a Statistic: starts at zero, counts exactly up to 2^53.
///
/// Affinity:  any thread.
class Metric {
public:
    explicit Metric(std::atomic<double>& value) noexcept : value_(value) {}

    Metric(const Metric&) = delete;
    Metric& operator=(const Metric&) = delete;
    ~Metric() = default;

    Metric& operator=(double value) noexcept {
        value_.store(value, std::memory_order_relaxed);
        return *this;
    }

    Metric& operator+=(double value) noexcept {
        value_.fetch_add(value, std::memory_order_relaxed);
        return *this;
    }

    Metric& operator-=(double value) noexcept { return *this += -value; }

    Metric& operator++() noexcept { return *this += 1; }

    Metric& operator--() noexcept { return *this += -1; }

    [[nodiscard]] double value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
    std::atomic<double>& value_;
};

/// What a part of the program counts about itself, to be found by get_statistics().
///
///     struct CacheStatistic : aiomisc::Statistic {
///         static constexpr std::string_view kKind = "CacheStatistic";
///         explicit CacheStatistic(std::string name) : Statistic({kKind}, std::move(name)) {}
///
///         aiomisc::Metric hits{metric("hits")};
///         aiomisc::Metric misses{metric("misses")};
///     };
///
/// It is found while it lives. Give one to each object that counts, as a member.
///
/// Affinity:  any thread.
/// Idea:      aiomisc.Statistic.
class Statistic {
public:
    Statistic(const Statistic&) = delete;
    Statistic& operator=(const Statistic&) = delete;
    virtual ~Statistic() = default;

    /// What tells this one from others of its kind; may be empty, and need not be unique.
    [[nodiscard]] const std::string& name() const noexcept { return values_->name; }

protected:
    /// `kinds`: the class, then the kinds it derives from. The texts must outlive the program's
    /// statistics: string literals.
    Statistic(std::initializer_list<std::string_view> kinds, std::string name);

    /// Declares a metric: for the initializers of members. `name` is a string literal.
    std::atomic<double>& metric(std::string_view name);

private:
    std::shared_ptr<detail::StatisticValues> values_;
};

/// One number, as it was at the moment of the call.
struct StatisticValue {
    std::string_view kind;
    std::string name;  ///< of the instance
    std::string_view metric;
    double value = 0;
};

/// What has kinds.
template <typename Kind>
concept StatisticKind = std::derived_from<Kind, Statistic> && requires {
    { Kind::kKind } -> std::convertible_to<std::string_view>;
};

/// Every number of every living Statistic whose kinds include one of `kinds`; all if none is given.
/// In the order in which they were made.
///
/// Affinity:  any thread.
/// Idea:      aiomisc.get_statistics.
std::vector<StatisticValue> get_statistics(std::initializer_list<std::string_view> kinds = {});

/// The same by type: `get_statistics<ThreadPoolStatistic>()`.
template <StatisticKind... Kinds>
    requires(sizeof...(Kinds) > 0)
std::vector<StatisticValue> get_statistics() {
    return get_statistics({Kinds::kKind...});
}

}  // namespace aiomisc
