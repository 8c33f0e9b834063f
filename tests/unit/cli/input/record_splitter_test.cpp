// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/record_splitter.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <string>
#include <vector>

using aiomisc::cli::CsvScanner;
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
    std::string record;
    for (int i = 0; i < 8; ++i) {
        splitter.feed(piece);
        REQUIRE_FALSE(splitter.next(record));
    }
    splitter.feed("x");
    REQUIRE_THROWS_AS(splitter.next(record), aiomisc::Error);
}

TEST_CASE("between quotes a newline ends no record", "[cli][input][L13]") {
    const std::string text = "\xef\xbb\xbfw,h\r\n\"a\nb\",\"\"\"\n\"\n\"x\"\ny\"z\n1,2";
    const Records expected{"w,h\r", "\"a\nb\",\"\"\"\n\"", "\"x\"", "y\"z", "1,2"};
    for (std::size_t cut = 0; cut <= text.size(); ++cut) {
        RecordSplitter splitter('\n', CsvScanner(',', '\n'));
        splitter.feed(std::string_view(text).substr(0, cut));
        Records records = take_all(splitter);
        splitter.feed(std::string_view(text).substr(cut));
        splitter.finish();
        for (auto& record : take_all(splitter)) {
            records.push_back(record);
        }
        REQUIRE(records == expected);
        REQUIRE(splitter.position() == 7);
    }
}

TEST_CASE("a byte order mark is skipped at the beginning of CSV alone", "[cli][input]") {
    RecordSplitter mark('\n', CsvScanner(',', '\n'));
    mark.feed("\xef\xbb");
    mark.finish();
    CHECK(take_all(mark) == Records{"\xef\xbb"});
    CHECK(
        split("\xef\xbb\xbf"
              "a") == Records{"\xef\xbb\xbf"
                              "a"});
}

TEST_CASE("a quote that is never closed is refused before it eats the memory", "[cli][input]") {
    RecordSplitter splitter('\n', CsvScanner(',', '\n'));
    std::string record;
    splitter.feed("\"");
    splitter.feed(std::string(RecordSplitter::kMaxRecordBytes, '\n'));
    REQUIRE_THROWS_WITH(
        splitter.next(record), "a record is longer than 64 MiB; is a quote not closed?");
}
