// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_table.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/log/base64.h>
#include <aiomisc/runtime/base/error.h>

#include <filesystem>
#include <memory>
#include <string>

using namespace aiomisc::cli;
using namespace aiomisc::test;

namespace {

constexpr OutputStream kOut = OutputStream::kOut;
constexpr OutputStream kErr = OutputStream::kErr;

const std::string kHeader =
    "Seq,Host,Starttime,JobRuntime,Send,Receive,Exitval,Signal,Command,V1,Stdout,Stderr\n";

std::unique_ptr<ResultTable> open(const TempDir& dir, const std::string& name, bool add = false) {
    const std::string path = (dir / name).string();
    return std::make_unique<ResultTable>(path, TableFormat::of(path), dir.path().string(), add);
}

std::unique_ptr<ResultTable> begun(const TempDir& dir, const std::string& name, bool add = false) {
    auto table = open(dir, name, add);
    table->start();
    return table;
}

void add_row(
    ResultTable& table,
    std::uint64_t seq,
    const std::string& item,
    std::string_view out,
    std::string_view err = "") {
    const JobInput input{.seq = seq, .items = {item}};
    const JobSpec job{.seq = seq, .items = input.items, .text = "echo " + item};
    table.begin(input);
    KeptOutput kept = table.keep();
    kept.write(kOut, out);
    kept.write(kErr, err);
    JobResult result;
    result.out_bytes = out.size();
    CHECK(table.commit(input, job, result, kept).empty());
}

std::string row(std::uint64_t seq, const std::string& rest) {
    return std::to_string(seq) + ",:,0.000,0.000,0," + rest + "\n";
}

}  // namespace

TEST_CASE("a table of separated values quotes what needs it", "[cli][results][AR-42]") {
    const TempDir dir;
    const auto table = begun(dir, "o.csv");
    add_row(*table, 1, "plain", "line\n");
    add_row(*table, 2, "a\"b,c\nd", "say \"x\"", "e,\n");
    CHECK(
        dir.read("o.csv") ==
        kHeader + row(1, "5,0,0,echo plain,plain,\"line\n\",") +
            row(2, "7,0,0,\"echo a\"\"b,c\nd\",\"a\"\"b,c\nd\",\"say \"\"x\"\"\",\"e,\n\""));
    const auto tabs = begun(dir, "o.tsv");
    add_row(*tabs, 1, "a\tb", "x");
    CHECK_THAT(dir.read("o.tsv"), contains("\"echo a\tb\"\t\"a\tb\"\t\"x\"\t\n"));
}

TEST_CASE("a table of JSON lines keeps every byte", "[cli][results]") {
    const TempDir dir;
    const auto table = begun(dir, "o.jsonl");
    // Characters of two bytes that a piece of the file would end in the middle of.
    std::string text = "x";
    for (int count = 0; count < 100'000; ++count) {
        text += "\xc3\xa9";
    }
    add_row(*table, 1, "a", text, "\"\n\x01");
    CHECK_THAT(dir.read("o.jsonl"), contains("\"Stdout\":\"" + text + "\""));
    CHECK_THAT(dir.read("o.jsonl"), contains("\"Stderr\":\"\\\"\\n\\u0001\"}\n"));
    CHECK_THAT(dir.read("o.jsonl"), contains("\"Command\":\"echo a\""));
    add_row(*table, 2, "b\xff", text + "\xc3");
    const std::string written = dir.read("o.jsonl");
    CHECK_THAT(written, contains("\"Command_b64\":\"" + base64("echo b\xff") + "\""));
    CHECK_THAT(written, contains("\"V_b64\":[\"Yv8=\"]"));
    const std::string cut = "\"Stdout_b64\":\"" + base64(text + "\xc3") + "\",\"Stderr\":\"\"}\n";
    CHECK(written.ends_with(cut));
}

TEST_CASE("a run that never starts leaves the table as it was", "[cli][results]") {
    const TempDir dir;
    const std::string before = kHeader + row(1, "1,0,0,echo a,a,\"x\",") + "torn";
    dir.write("o.csv", before);
    static_cast<void>(open(dir, "o.csv"));
    static_cast<void>(open(dir, "o.csv", true));
    CHECK(dir.read("o.csv") == before);
}

TEST_CASE("a new run empties the table, or adds to it", "[cli][results]") {
    const TempDir dir;
    add_row(*begun(dir, "o.csv"), 1, "a", "x");
    const std::string first = kHeader + row(1, "1,0,0,echo a,a,\"x\",");
    CHECK(dir.read("o.csv") == first);
    add_row(*begun(dir, "o.csv", true), 2, "b", "y");
    CHECK(dir.read("o.csv") == first + row(2, "1,0,0,echo b,b,\"y\","));
    add_row(*begun(dir, "o.csv"), 1, "a", "x");
    CHECK(dir.read("o.csv") == first);
}

TEST_CASE("what a killed run left of a row goes", "[cli][results]") {
    const TempDir dir;
    const std::string first = kHeader + row(1, "2,0,0,echo a,a,\"x\n\",");
    for (const std::string torn : {"2", "2,:,\"line\n", "2,:,\"line\n\"\"", "2,:,a"}) {
        dir.write("o.csv", first + torn);
        add_row(*begun(dir, "o.csv", true), 3, "c", "z");
        CHECK(dir.read("o.csv") == first + row(3, "1,0,0,echo c,c,\"z\","));
    }
    dir.write("o.jsonl", "{\"Seq\":1}\n{\"Seq\":2,\"V");
    add_row(*begun(dir, "o.jsonl", true), 3, "c", "z");
    CHECK_THAT(dir.read("o.jsonl"), starts_with("{\"Seq\":1}\n{\"Seq\":3,"));
}

TEST_CASE("a table with other columns is left alone", "[cli][results]") {
    const TempDir dir;
    dir.write("o.csv", "name,age\nbob,7\n");
    const auto table = open(dir, "o.csv", true);
    CHECK_THROWS_AS(table->begin({.seq = 1, .items = {"a"}}), aiomisc::Error);
    CHECK(dir.read("o.csv") == "name,age\nbob,7\n");
}

TEST_CASE("the folder of a table is made", "[cli][results]") {
    const TempDir dir;
    add_row(*begun(dir, "new/er/o.csv"), 1, "a", "x");
    CHECK(dir.read("new/er/o.csv") == kHeader + row(1, "1,0,0,echo a,a,\"x\","));
    CHECK_THROWS_AS(open(dir, "new/er/o.csv/o.csv"), aiomisc::SystemError);
}

TEST_CASE("one run at a time writes a table", "[cli][results]") {
    const TempDir dir;
    const auto table = open(dir, "o.csv");
    CHECK_THROWS_AS(open(dir, "o.csv"), aiomisc::Error);
}

TEST_CASE("columns have the names of the items", "[cli][results]") {
    const TempDir dir;
    const auto table = open(dir, "o.csv");
    table->name_items({"a,b"});
    table->start();
    table->begin({.seq = 1, .items = {"1", "2"}});
    CHECK_THAT(dir.read("o.csv"), contains(",Command,\"a,b\",V2,Stdout,"));
}

TEST_CASE("a job with fewer items than the first one leaves columns empty", "[cli][results]") {
    const TempDir dir;
    const auto table = begun(dir, "o.csv");
    table->begin({.seq = 1, .items = {"a", "b"}});
    const JobSpec job{.seq = 2, .items = {"d"}, .text = "x"};
    table->begin({.seq = 2, .items = job.items});
    KeptOutput kept = table->keep();
    table->commit({.seq = 2, .items = job.items}, job, {}, kept);
    CHECK_THAT(dir.read("o.csv"), contains("Command,V1,V2,Stdout,Stderr\n"));
    CHECK_THAT(dir.read("o.csv"), contains(",x,d,,,\n"));
}

TEST_CASE("a job with more items than there are columns is refused", "[cli][results]") {
    const TempDir dir;
    const auto table = begun(dir, "o.csv");
    table->begin({.seq = 4, .items = {"a"}});
    CHECK_THROWS_WITH(
        table->begin({.seq = 5, .items = {"b", "c", "d"}}),
        contains("job 5 has 3 items") && contains("o.csv only one column") && contains(".jsonl"));
    const auto lines = begun(dir, "o.jsonl");
    lines->begin({.seq = 4, .items = {"a"}});
    lines->begin({.seq = 5, .items = {"b", "c", "d"}});
}
