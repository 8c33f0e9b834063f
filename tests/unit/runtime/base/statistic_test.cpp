// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/statistic.h>

#include "support/catch.h"

#include <cstdlib>
#include <memory>
#include <thread>
#include <vector>

using namespace aiomisc;

namespace {

struct CacheStatistic : Statistic {
    static constexpr std::string_view kKind = "CacheStatistic";

    explicit CacheStatistic(std::string name) : CacheStatistic({kKind}, std::move(name)) {}

    Metric hits{metric("hits")};
    Metric misses{metric("misses")};

protected:
    CacheStatistic(std::initializer_list<std::string_view> kinds, std::string name)
        : Statistic(kinds, std::move(name)) {}
};

struct DiskCacheStatistic : CacheStatistic {
    static constexpr std::string_view kKind = "DiskCacheStatistic";

    explicit DiskCacheStatistic(std::string name)
        : CacheStatistic({kKind, CacheStatistic::kKind}, std::move(name)) {}

    Metric bytes{metric("bytes")};
};

struct OtherStatistic : Statistic {
    static constexpr std::string_view kKind = "OtherStatistic";

    OtherStatistic() : Statistic({kKind}, "") {}

    Metric count{metric("count")};
};

}  // namespace

TEST_CASE("statistics start at zero and are found by their kind", "[ST-01][ST-02]") {
    CacheStatistic cache("first");
    const OtherStatistic other;
    ++cache.hits;
    cache.hits += 2;
    const auto found = get_statistics<CacheStatistic>();
    REQUIRE(found.size() == 2);
    CHECK(found[0].kind == "CacheStatistic");
    CHECK(found[0].name == "first");
    CHECK(found[0].metric == "hits");
    CHECK(found[0].value == 3);
    CHECK(found[1].metric == "misses");
    CHECK(found[1].value == 0);
    CHECK(get_statistics().size() == 3);
    CHECK(get_statistics<CacheStatistic, OtherStatistic>().size() == 3);
}

TEST_CASE("a kind has the metrics of the kind it derives from, and is found as both", "[ST-01]") {
    DiskCacheStatistic disk("disk");
    disk.bytes = 4096;
    disk.hits = 1;
    const auto found = get_statistics<CacheStatistic>();
    REQUIRE(found.size() == 3);
    CHECK(found[2].kind == "DiskCacheStatistic");
    CHECK(found[2].metric == "bytes");
    CHECK(found[2].value == 4096);
    CHECK(get_statistics<DiskCacheStatistic>().size() == 3);
}

TEST_CASE("an assigned metric is seen", "[ST-03]") {
    CacheStatistic cache("assigned");
    cache.misses = 7;
    cache.misses -= 2;
    --cache.misses;
    CHECK(cache.misses.value() == 4);
    CHECK(get_statistics<CacheStatistic>()[1].value == 4);
}

TEST_CASE("a statistic is gone with its owner", "[ST-01]") {
    auto cache = std::make_unique<CacheStatistic>("short");
    CHECK(get_statistics<CacheStatistic>().size() == 2);
    cache.reset();
    CHECK(get_statistics<CacheStatistic>().empty());
}

TEST_CASE("threads count together, while others read and come and go", "[ST-01]") {
    constexpr int kThreads = 4;
    constexpr int kRounds = 2000;
    CacheStatistic shared("shared");
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int thread = 0; thread < kThreads; ++thread) {
        threads.emplace_back([&shared] {
            for (int round = 0; round < kRounds; ++round) {
                ++shared.hits;
                if (round % 100 == 0) {
                    const CacheStatistic passing("passing");
                    if (get_statistics().empty()) {
                        std::abort();
                    }
                }
            }
        });
    }
    for (std::thread& thread : threads) {
        thread.join();
    }
    CHECK(shared.hits.value() == kThreads * kRounds);
    CHECK(get_statistics<CacheStatistic>().size() == 2);
}
