// SPDX-License-Identifier: MIT
// What every program of tests/bench shares: its command line and its output.
//
// A program measures some rows of the table that run_bench.py prints, and writes one JSON object a
// line for each row and round. It judges nothing: ratios, medians and budgets are the driver's.
#pragma once

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

namespace bench {

struct Options {
    int rounds = 3;
    bool quick = false;  ///< a tenth of the work: for trying the programs, not for figures
    std::string what;    ///< measure only the row of this name; empty: every row
    int workers = 2;

    /// Iterations of a measurement that does `full` in a normal run.
    [[nodiscard]] int scaled(int full) const { return quick ? std::max(1, full / 10) : full; }

    [[nodiscard]] bool wants(std::string_view row) const { return what.empty() || what == row; }
};

namespace detail {

[[noreturn]] inline void usage(const char* program) {
    std::fprintf(stderr, "usage: %s [--rounds N] [--quick] [--what ROW] [--workers N]\n", program);
    std::exit(2);
}

inline int positive(std::string_view text, const char* program) {
    int number = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (error != std::errc() || end != text.data() + text.size() || number < 1) {
        usage(program);
    }
    return number;
}

}  // namespace detail

inline Options parse_options(int argc, char** argv) {
    Options options;
    for (int i = 1; i < argc; ++i) {
        const std::string_view flag = argv[i];
        if (flag == "--quick") {
            options.quick = true;
            continue;
        }
        if (i + 1 == argc) {
            detail::usage(argv[0]);
        }
        const std::string_view value = argv[++i];
        if (flag == "--rounds") {
            options.rounds = detail::positive(value, argv[0]);
        } else if (flag == "--workers") {
            options.workers = detail::positive(value, argv[0]);
        } else if (flag == "--what") {
            options.what = value;
        } else {
            detail::usage(argv[0]);
        }
    }
    return options;
}

/// One measured value. The names are string literals of the programs: nothing in them needs
/// escaping.
struct Sample {
    std::string_view bench;
    std::string_view what;
    std::string_view side;  ///< "aiomisc", "floor" or "peer:NAME"
    std::string_view unit;  ///< "us/call", "calls/s", "s" or "bytes"
    double value = 0;
    int round = 0;
};

inline void emit(const Sample& sample) {
    const auto print = [](const char* key, std::string_view text) {
        std::printf("\"%s\": \"%.*s\", ", key, static_cast<int>(text.size()), text.data());
    };
    std::printf("{");
    print("bench", sample.bench);
    print("what", sample.what);
    print("side", sample.side);
    print("unit", sample.unit);
    std::printf("\"value\": %.6g, \"round\": %d}\n", sample.value, sample.round);
    std::fflush(stdout);
}

class Stopwatch {
public:
    [[nodiscard]] double seconds() const {
        return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
    }

    [[nodiscard]] double microseconds_per(int calls) const { return seconds() * 1e6 / calls; }

    [[nodiscard]] double rate_of(int calls) const { return calls / seconds(); }

private:
    std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

/// A measurement without a loop of ours: floors and C++ peers.
struct Row {
    std::string_view what;
    std::string_view side;
    std::string_view unit;
    double (*measure)(const Options& options);
};

/// The whole main() of a program that consists of such rows.
template <std::size_t Count>
int run_rows(std::string_view bench, int argc, char** argv, const Row (&rows)[Count]) {
    const Options options = parse_options(argc, argv);
    for (int round = 0; round < options.rounds; ++round) {
        for (const Row& row : rows) {
            if (options.wants(row.what)) {
                emit({bench, row.what, row.side, row.unit, row.measure(options), round});
            }
        }
    }
    return 0;
}

}  // namespace bench
