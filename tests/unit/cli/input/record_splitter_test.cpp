// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/record_splitter.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <string>
#include <vector>

using aiomisc::cli::RecordSplitter;

namespace {

std::vector<std::string> take_all(RecordSplitter& splitter) {
    std::vector<std::string> records;
    for (std::string record; splitter.next(record);) {
        records.push_back(record);
    }
    return records;
}

std::vector<std::string> split(std::string_view text, char delimiter = '\n') {
    RecordSplitter splitter(delimiter);
    splitter.feed(text);
    splitter.finish();
    return take_all(splitter);
}

using Records = std::vector<std::string>;

}  // namespace

TEST_CASE(
    "the last record needs no delimiter, and a final delimiter adds no record", "[cli][input]") {
    REQUIRE(split("a\nb") == Records{"a", "b"});
    REQUIRE(split("a\nb\n") == Records{"a", "b"});
    REQUIRE(split("A_B_C", '_') == Records{"A", "B", "C"});
    REQUIRE(split("A_B_C_", '_') == Records{"A", "B", "C"});
    REQUIRE(split("").empty());
}

TEST_CASE("empty records, carriage returns and newlines inside stay", "[cli][input]") {
    REQUIRE(split("1\n\n2\n") == Records{"1", "", "2"});
    REQUIRE(split("\n") == Records{""});
    REQUIRE(split("a\r\n") == Records{"a\r"});
    REQUIRE(split(std::string_view("A\0B\nC\0", 6), '\0') == Records{"A", "B\nC"});
}

TEST_CASE("a record is given as soon as it is complete", "[cli][input]") {
    RecordSplitter splitter('\n');
    splitter.feed("on");
    REQUIRE(take_all(splitter).empty());
    splitter.feed("e\ntw");
    REQUIRE(take_all(splitter) == Records{"one"});
    REQUIRE(splitter.buffered() == 2);
    splitter.feed("o");
    REQUIRE(take_all(splitter).empty());
    splitter.finish();
    REQUIRE(take_all(splitter) == Records{"two"});
    REQUIRE(take_all(splitter).empty());
}

TEST_CASE("any way of cutting the stream gives the same records", "[cli][input]") {
    const std::string text = "alpha\n\nbeta\ngamma";
    const Records expected = split(text);
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            RecordSplitter splitter('\n');
            Records records;
            const auto feed = [&](std::string_view part) {
                splitter.feed(part);
                for (auto& record : take_all(splitter)) {
                    records.push_back(record);
                }
            };
            feed(std::string_view(text).substr(0, first));
            feed(std::string_view(text).substr(first, second - first));
            feed(std::string_view(text).substr(second));
            splitter.finish();
            for (auto& record : take_all(splitter)) {
                records.push_back(record);
            }
            REQUIRE(records == expected);
        }
    }
}

TEST_CASE("a stream without a delimiter is refused before it eats the memory", "[cli][input]") {
    RecordSplitter splitter('\n');
    const std::string piece(std::size_t{8} << 20, 'x');
    for (int i = 0; i < 8; ++i) {
        splitter.feed(piece);
    }
    REQUIRE_THROWS_AS(splitter.feed("x"), aiomisc::Error);
}
