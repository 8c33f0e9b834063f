// SPDX-License-Identifier: MIT
#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/input/collected_jobs.h>
#include <aiomisc/cli/input/column_splitter.h>
#include <aiomisc/cli/input/job_inputs.h>
#include <aiomisc/cli/input/total.h>
#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

using namespace aiomisc::cli;
using aiomisc::test::TempDir;

namespace {

using Rows = std::vector<Row>;

Row split(const ColumnOptions& options, const std::string& item) {
    return ColumnSplitter::make(options)->split(item);
}

JobInputs open(const std::vector<std::string>& words) {
    const Options options = parse_command_line(words);
    return JobInputs::open(options.sources, options.input);
}

Rows rows_of(JobInputs inputs) {
    Rows rows;
    JobInput input;
    while (inputs.next(input) == Pull::kItem) {
        REQUIRE(input.seq == rows.size() + 1);
        rows.push_back(std::move(input.items));
    }
    return rows;
}

Rows rows(const std::vector<std::string>& words) {
    return rows_of(open(words));
}

}  // namespace

TEST_CASE("an expression cuts an item into columns", "[cli][input]") {
    CHECK(split({.separator = ","}, "a,b,,c") == Row{"a", "b", "", "c"});
    CHECK(split({.separator = ","}, "") == Row{""});
    CHECK(split({.separator = ","}, ",") == Row{"", ""});
    CHECK(split({.separator = "\\s+"}, "a \t b") == Row{"a", "b"});
    CHECK(split({.separator = "[ab]"}, "1a2b3") == Row{"1", "2", "3"});
    CHECK(split({.separator = ";|\\b"}, "ab;c") == Row{"ab", "c"});
    CHECK(split({.separator = "\xc3\xa4"}, "a\xc3\xa4z\xff") == Row{"a", "z\xff"});
    CHECK(split({.header = true}, "a b\tc") == Row{"a b", "c"});
    CHECK(ColumnSplitter::make({}) == nullptr);
    for (const char* separator : {"", "x*", "|", "("}) {
        CAPTURE(separator);
        CHECK_THROWS_AS(ColumnSplitter::make({.separator = separator}), UsageError);
    }
}

TEST_CASE("CSV is that of RFC 4180", "[cli][input][L13]") {
    const ColumnOptions csv{.csv = true};
    CHECK(split(csv, "a,b") == Row{"a", "b"});
    CHECK(split(csv, "") == Row{""});
    CHECK(split(csv, ",") == Row{"", ""});
    CHECK(split(csv, " a , b ") == Row{" a ", " b "});
    CHECK(split(csv, R"("3,5",4)") == Row{"3,5", "4"});
    CHECK(split(csv, R"("say ""hi""","",x)") == Row{"say \"hi\"", "", "x"});
    CHECK(split(csv, "\"two\nlines\",b\r") == Row{"two\nlines", "b"});
    CHECK(split(csv, "\"a\"\r") == Row{"a"});
    CHECK(split({.separator = ";", .csv = true}, "1,5;\"a;b\"") == Row{"1,5", "a;b"});
    CHECK(split({.separator = "\\t", .csv = true}, "a\tb") == Row{"a", "b"});
    CHECK_THROWS_AS(ColumnSplitter::make({.separator = ";;", .csv = true}), UsageError);
}

TEST_CASE("broken quotes are told by their column", "[cli][input]") {
    for (const auto& [item, column] : std::vector<std::pair<std::string, std::string>>{
             {"a,b\"c", "column 2 has"},
             {"\"a\"b,c", "column 1 has"},
             {"\"a\" ,c", "column 1 has"},
             {"a,b,\"c", "column 3 begins"},
             {"\"a\"\"", "column 1 begins"}}) {
        CAPTURE(item);
        CHECK_THROWS_WITH(split({.csv = true}, item), Catch::Matchers::StartsWith(column));
    }
}

TEST_CASE("broken quotes are told by file and line", "[cli][input]") {
    const TempDir dir;
    const auto file = dir.write("bad.csv", "a\n\"x\ny\"\n1,2\nb\"c\nd\n").string();
    JobInputs inputs = open({"--csv", "-a", file, "echo"});
    JobInput input;
    for (int good = 0; good < 3; ++good) {
        REQUIRE(inputs.next(input) == Pull::kItem);
    }
    CHECK_THROWS_WITH(
        inputs.next(input), Catch::Matchers::StartsWith(file + ": line 5: column 1 has a quote"));
    CHECK_THROWS_WITH(
        rows({"--csv", "echo", ":::", "a", "\"b"}),
        "item 2 of the command line: column 1 begins with a quote that is not closed");
}

TEST_CASE("columns are trimmed after a separator that was asked for", "[cli][input]") {
    CHECK(rows({"-C,", "echo", ":::", " a , b "}) == Rows{{"a", "b"}});
    CHECK(rows({"-C,", "--trim", "n", "echo", ":::", " a , b "}) == Rows{{" a ", " b "}});
    CHECK(rows({"-C,", "--trim", "l", "echo", ":::", " a , b "}) == Rows{{"a ", "b "}});
    CHECK(rows({"--csv", "echo", ":::", " a , b "}) == Rows{{" a ", " b "}});
    CHECK(rows({"--csv", "--trim", "lr", "echo", ":::", " a , b "}) == Rows{{"a", "b"}});
    CHECK(rows({"--header", ":", "echo", ":::", "x\ty", " a \t b"}) == Rows{{" a ", " b"}});
}

TEST_CASE("columns of several sources stand side by side", "[cli][input]") {
    CHECK(
        rows({"-C,", "echo", ":::", "1,2", "3", ":::", "x,y"}) ==
        Rows{{"1", "2", "x", "y"}, {"3", "x", "y"}});
    CHECK(
        rows({"-C,", "echo", ":::", "1,2", "3,4", ":::+", "x", "y"}) ==
        Rows{{"1", "2", "x"}, {"3", "4", "y"}});
    CHECK(
        rows({"-C,", "--link", "echo", ":::", "1,2", "3", ":::", "x"}) ==
        Rows{{"1", "2", "x"}, {"3", "x"}});
    CHECK(
        rows({"-C,", "-n2", "echo", ":::", "a,b", "c,d", "e"}) ==
        Rows{{"a", "b", "c", "d"}, {"e"}});
    CHECK(open({"-C,", "echo", ":::", "a"}).shape().many_items);
}

TEST_CASE("a header names columns and is no item", "[cli][input][L13][L14]") {
    const std::vector<std::string> words{
        "--csv", "--header", ":", "echo", ":::", "w,h", "1,2", "3", ":::", "z", "5"};
    JobInputs inputs = open(words);
    CHECK(inputs.shape().columns == std::vector<std::string>{"w", "h", "z"});
    CHECK(rows_of(std::move(inputs)) == Rows{{"1", "2", "5"}, {"3", "", "5"}});
    const Options options = parse_command_line(words);
    CHECK(known_total(options.sources, options.input) == 2);
    CHECK(open({"--header", ":", "echo", ":::", "a", "1"}).shape().many_items == false);
    CHECK(open({"echo", ":::", "a", "1"}).shape().columns.empty());
}

TEST_CASE("a source without a line has no header and no rows", "[cli][input]") {
    const TempDir dir;
    const auto empty = dir.write("empty", "").string();
    CHECK(rows({"--header", ":", "-a", empty, "echo"}).empty());
    CHECK(rows({"--header", ":", "echo", ":::", "a", ":::", "b", "1"}).empty());
}

TEST_CASE("a row wider than the header is an error", "[cli][input]") {
    const TempDir dir;
    const auto file = dir.write("wide.csv", "w,h\n1,2\n3,5,4\n").string();
    CHECK_THROWS_WITH(
        rows({"--csv", "--header", ":", "-a", file, "echo"}),
        file + ": line 3: there are 3 columns, and the header has 2");
}

TEST_CASE("shuffled jobs are all there in an order that the seed repeats", "[cli][input]") {
    std::vector<std::string> words{"--shuf=7", "echo", ":::"};
    Rows ordered;
    for (int item = 0; item < 50; ++item) {
        words.push_back(std::to_string(100 + item));
        ordered.push_back({words.back()});
    }
    Rows shuffled = rows(words);
    CHECK(rows(words) == shuffled);
    CHECK(shuffled != ordered);
    words.front() = "--shuf=8";
    CHECK(rows(words) != shuffled);
    std::ranges::sort(shuffled);
    CHECK(shuffled == ordered);
}

TEST_CASE("a total that nobody knows is counted before the first job", "[cli][input]") {
    const TempDir dir;
    const auto file = dir.write("items", "a\nb\nc\n").string();
    JobInputs inputs = open({"-n2", "-a", file, "echo"});
    CHECK_FALSE(inputs.total());
    inputs.provide_total(std::nullopt);
    JobInput input;
    REQUIRE(inputs.next(input) == Pull::kItem);
    CHECK(input.total == 2);
    CHECK(inputs.total() == 2);
    JobInputs known = open({"-a", file, "echo"});
    known.provide_total(9);
    REQUIRE(known.next(input) == Pull::kItem);
    CHECK(input.total == 9);
    CHECK_FALSE(known.total());
}

TEST_CASE("jobs that are collected are bounded", "[cli][input]") {
    CollectedJobs jobs(1000);
    const auto fill = [&] {
        for (int job = 0; job < 100; ++job) {
            jobs.add({.seq = 0, .items = {"item"}});
        }
    };
    CHECK_THROWS_AS(fill(), aiomisc::Error);
    CHECK(jobs.count() > 0);
    CHECK_THROWS_AS(
        CollectedJobs(1000).add({.seq = 0, .items = {std::string(1000, 'x')}}), aiomisc::Error);
}
