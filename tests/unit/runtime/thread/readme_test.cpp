// SPDX-License-Identifier: MIT
// The code of runtime/thread/README.md, between pairs of marks; scripts/check-readme compares them.

#include "support/async_test.h"
#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/thread/channel.h>
#include <aiomisc/runtime/thread/iterator_wrapper.h>
#include <aiomisc/runtime/thread/sync_await.h>
#include <aiomisc/runtime/thread/thread_pool.h>
#include <aiomisc/runtime/thread/threaded.h>
#include <aiomisc/runtime/thread/threaded_iterable.h>

#include <cstdint>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <thread>
#include <tuple>
#include <vector>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using aiomisc::test::settle;
using aiomisc::test::TempDir;
using aiomisc::test::text_of;

// [threaded]
std::string read_file(const std::string& path) {  // blocks, as files do
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

Task<std::size_t> size_of_both(std::string first, std::string second) {
    const auto read = threaded(read_file);
    auto [one, two] = co_await gather(read(first), read(second));  // in two threads
    co_return one.size() + two.size();
}

// [threaded]

// [pool]
Task<int> sum_in_a_pool() {
    ThreadPoolExecutor pool({.max_workers = 8, .statistic_name = "sums"});
    std::vector<Future<int>> squares;
    for (int number = 1; number <= 10; ++number) {
        squares.push_back(pool.submit([number] { return number * number; }));
    }
    int sum = 0;
    for (auto& square : squares) {
        sum += co_await square;
    }
    co_await pool.close();
    co_return sum;
}

// [pool]

// [iterable]
Task<std::map<std::string, int>> count_lines(std::string path) {
    const auto lines_of = threaded_iterable(
        [](Yield<std::string>& yield, const std::string& name) {
            std::ifstream file(name);
            for (std::string line; std::getline(file, line);) {
                yield(line);  // blocks while 100 lines wait
            }
        },
        {.max_size = 100});

    std::map<std::string, int> counts;
    auto lines = lines_of(path);
    while (auto line = co_await lines.next()) {
        ++counts[*line];
    }
    co_return counts;
}

// [iterable]

// [channel]
Task<std::vector<int>> read_sensor() {
    FromThreadChannel<int> readings(16);
    std::thread sensor([sender = readings.sender()]() mutable {
        for (int reading = 20; reading < 25; ++reading) {
            sender.put(reading);
        }
        sender.close();
    });
    std::vector<int> all;
    try {
        for (;;) {
            all.push_back(co_await readings.get(5s));
        }
    } catch (const ChannelClosed&) {
        sensor.join();
    }
    co_return all;
}

// [channel]

// [sync_await]
Task<int> ask_database(int key) {
    co_await sleep(1ms);
    co_return key * 10;
}

int work_in_a_thread(int key) {
    const int answer = sync_await(ask_database, key);  // runs in the loop; this thread waits
    return answer + 1;
}

Task<int> ask_from_a_thread() {
    co_return co_await run_in_executor(work_in_a_thread, 4);
}

// [sync_await]

}  // namespace

ASYNC_TEST_CASE("README of threads: functions") {
    const TempDir folder;
    const std::string path = folder.write("lines", "four");
    CHECK_AWAIT(size_of_both(path, path), awaited == 8);
}

ASYNC_TEST_CASE("README of threads: a pool") {
    CHECK_AWAIT(sum_in_a_pool(), awaited == 385);
}

ASYNC_TEST_CASE("README of threads: iterators") {
    const TempDir folder;
    const std::string path = folder.write("lines", "a\nb\na\n");
    CHECK_AWAIT(count_lines(path), awaited == std::map<std::string, int>{{"a", 2}, {"b", 1}});
}

ASYNC_TEST_CASE("README of threads: channels") {
    CHECK_AWAIT(read_sensor(), awaited == std::vector<int>{20, 21, 22, 23, 24});
}

ASYNC_TEST_CASE("README of threads: coroutines from a thread") {
    CHECK_AWAIT(ask_from_a_thread(), awaited == 41);
}
