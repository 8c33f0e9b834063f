// SPDX-License-Identifier: MIT
#include <aiomisc/cli/input/job_inputs.h>

#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/runtime/base/error.h>

#include <deque>
#include <string>
#include <vector>

using namespace aiomisc::cli;

namespace {

using Lines = std::vector<std::string>;

std::string join(const std::vector<std::string>& items) {
    std::string text;
    for (const auto& item : items) {
        text += (text.empty() ? "" : " ") + item;
    }
    return text;
}

Lines lines_of(JobInputs inputs) {
    Lines lines;
    JobInput input;
    while (inputs.next(input) == Pull::kItem) {
        REQUIRE(input.seq == lines.size() + 1);
        lines.push_back(join(input.items));
    }
    return lines;
}

/// The inputs of a command line: options first, then `:::` and its like.
Lines lines(std::vector<std::string> words) {
    const Options options = parse_command_line(words);
    return lines_of(JobInputs::open(options.sources, options.input));
}

/// Gives what it is told to, in steps; empty strings mean "wait".
class ScriptedSource final : public ItemSource {
public:
    explicit ScriptedSource(std::deque<std::string> steps) : steps_(std::move(steps)) {}

    Pull next(std::string& item) override {
        if (steps_.empty()) {
            return Pull::kEnd;
        }
        item = steps_.front();
        steps_.pop_front();
        return item.empty() ? Pull::kWait : Pull::kItem;
    }

    [[nodiscard]] std::string where() const override { return "script"; }

    [[nodiscard]] int wait_fd() const noexcept override { return 77; }

private:
    std::deque<std::string> steps_;
};

std::unique_ptr<RowSource> scripted(std::deque<std::string> steps) {
    return std::make_unique<ItemRows>(std::make_unique<ScriptedSource>(std::move(steps)));
}

/// All rows, however often the source says "wait" in between.
Lines rows_through_waits(RowSource& source, int& waits) {
    Lines lines;
    while (true) {
        Row row;
        switch (source.next(row)) {
            case Pull::kItem:
                lines.push_back(join(row));
                break;
            case Pull::kWait:
                REQUIRE(source.wait_fd() == 77);
                ++waits;
                break;
            case Pull::kEnd:
                return lines;
        }
    }
}

}  // namespace

TEST_CASE("sources combine, the last varying fastest", "[cli][input][L1][L3]") {
    REQUIRE(lines({"echo", ":::", "A", "B", "C"}) == Lines{"A", "B", "C"});
    REQUIRE(
        lines({"echo", ":::", "A", "B", ":::", "1", "2", "3"}) ==
        Lines{"A 1", "A 2", "A 3", "B 1", "B 2", "B 3"});
}

TEST_CASE("files are sources as items are", "[cli][input][L2][L4][L6]") {
    const aiomisc::test::TempDir dir;
    const auto abc = dir.write("abc", "A\nB\nC\n").string();
    const auto def = dir.write("def", "D\nE\nF\n").string();
    REQUIRE(lines({"-a", abc, "echo"}) == Lines{"A", "B", "C"});
    REQUIRE(lines({"echo", "::::", abc}) == Lines{"A", "B", "C"});
    REQUIRE(lines({"echo", "::::", abc, def}).size() == 9);
    REQUIRE(lines({"-a", abc, "echo", ":::", "1", "2"}).front() == "A 1");
    const Lines linked = lines({"echo", "::::", abc, ":::+", "G", "H", "I", "::::", def});
    REQUIRE(linked.size() == 9);
    REQUIRE(linked[0] == "A G D");
    REQUIRE(linked[3] == "B H D");
    REQUIRE(lines({"echo", "::::", abc, "::::+", def, def}) == Lines{"A D D", "B E E", "C F F"});
}

TEST_CASE("option --link repeats the shorter source, :::+ stops with it", "[cli][input][L5][L6]") {
    REQUIRE(
        lines({"--link", "echo", ":::", "A", "B", "C", "D", "E", ":::", "F", "G"}) ==
        Lines{"A F", "B G", "C F", "D G", "E F"});
    REQUIRE(
        lines({"--link", "echo", ":::", "A", ":::", "1", "2", "3"}) == Lines{"A 1", "A 2", "A 3"});
    REQUIRE(lines({"--link", "echo", ":::", "A", "B", ":::"}).empty());
    REQUIRE(
        lines({"--link", "echo", ":::", "A", "B", "C", ":::+", "1", "2", ":::", "x"}) ==
        Lines{"A 1 x", "B 2 x", "C 1 x"});
    REQUIRE(
        lines({"echo", ":::", "A", "B", "C", "D", "E", ":::+", "F", "G"}) == Lines{"A F", "B G"});
    REQUIRE(
        lines({"echo", ":::", "a", "b", "c", ":::+", "1", "2", ":::+", "x", "y", "z"}) ==
        Lines{"a 1 x", "b 2 y"});
}

TEST_CASE("an empty source makes no combination", "[cli][input]") {
    REQUIRE(lines({"echo", ":::"}).empty());
    REQUIRE(lines({"echo", ":::", "A", "B", ":::"}).empty());
    REQUIRE(lines({"echo", ":::", ":::", "A", "B"}).empty());
    REQUIRE(lines({"--link", "echo", ":::", ":::"}).empty());
}

TEST_CASE(
    "option -E ends a source, -r drops blank items, --trim cuts", "[cli][input][L10][L12][L26]") {
    REQUIRE(lines({"-E", "stop", "echo", ":::", "A", "B", "stop", "C"}) == Lines{"A", "B"});
    REQUIRE(lines({"-E", "B", "echo", ":::", "A", "B", ":::", "1", "B", "2"}) == Lines{"A 1"});
    REQUIRE(lines({"-r", "echo", ":::", "1", "", " \t", "2"}) == Lines{"1", "2"});
    REQUIRE(lines({"-r", "echo", ":::", "A", "", "B", ":::+", "1", "2"}) == Lines{"A 1", "B 2"});
    REQUIRE(lines({"-r", "echo", ":::", "A", ":::", "\v\f\r", "1"}) == Lines{"A 1"});
    REQUIRE(lines({"echo", ":::", "1", "", "2"}) == Lines{"1", "", "2"});
    REQUIRE(lines({"--trim", "lr", "echo", ":::", " A "}) == Lines{"A"});
    REQUIRE(lines({"--trim", "l", "echo", ":::", " A "}) == Lines{"A "});
    REQUIRE(lines({"--trim", "r", "echo", ":::", " A ", "  "}) == Lines{" A", ""});
}

TEST_CASE("options -n and -N deal out several rows a job", "[cli][input][L23]") {
    REQUIRE(lines({"-n2", "echo", ":::", "A", "B", "C"}) == Lines{"A B", "C"});
    REQUIRE(lines({"-N3", "echo", ":::", "A", "B", "C", "D"}) == Lines{"A B C", "D"});
    REQUIRE(
        lines({"-n2", "echo", ":::", "A", "B", "C", ":::", "1", "2"}) ==
        Lines{"A 1 A 2", "B 1 B 2", "C 1 C 2"});
    REQUIRE(lines({"-N0", "echo", ":::", "1", "2"}) == Lines{"", ""});
}

TEST_CASE("a source that cannot be opened fails before any item", "[cli][input][L15]") {
    REQUIRE_THROWS_AS(lines({"-a", "/no/such/file", "echo", ":::", "A"}), aiomisc::SystemError);
    REQUIRE_THROWS_AS(lines({"echo", "::::", "-", "-"}), UsageError);
}

TEST_CASE("combinations go on where waiting interrupted them", "[cli][input]") {
    int waits = 0;
    std::vector<std::unique_ptr<RowSource>> others;
    others.push_back(scripted({"", "1", "", "2", ""}));
    others.push_back(scripted({"x", "", "y"}));
    ProductRows product(scripted({"", "A", "", "B"}), std::move(others));
    REQUIRE(
        rows_through_waits(product, waits) ==
        Lines{"A 1 x", "A 1 y", "A 2 x", "A 2 y", "B 1 x", "B 1 y", "B 2 x", "B 2 y"});
    REQUIRE(waits == 6);
}

TEST_CASE("linked rows go on where waiting interrupted them", "[cli][input]") {
    int waits = 0;
    std::vector<std::unique_ptr<RowSource>> sources;
    sources.push_back(scripted({"", "A", "B", "", "C"}));
    sources.push_back(scripted({"1", "", "2", ""}));
    CycledRows cycled(std::move(sources));
    REQUIRE(rows_through_waits(cycled, waits) == Lines{"A 1", "B 2", "C 1"});
    REQUIRE(waits == 4);

    for (const bool first : {true, false}) {
        sources.clear();
        sources.push_back(first ? scripted({""}) : scripted({"A", "B"}));
        sources.push_back(first ? scripted({"A", "B"}) : scripted({""}));
        CycledRows nothing(std::move(sources));
        REQUIRE(rows_through_waits(nothing, waits).empty());
    }

    std::vector<std::unique_ptr<RowSource>> members;
    members.push_back(scripted({"A", "", "B"}));
    members.push_back(scripted({"", "1", "", "2"}));
    LinkedRows linked(std::move(members));
    waits = 0;
    REQUIRE(rows_through_waits(linked, waits) == Lines{"A 1", "B 2"});
    REQUIRE(waits == 3);
}

TEST_CASE("the first source of a combination is not kept", "[cli][input]") {
    // A row is available while the first source has only begun: nothing is read ahead.
    std::vector<std::unique_ptr<RowSource>> others;
    others.push_back(scripted({"1", "2"}));
    ProductRows product(scripted({"A", ""}), std::move(others));
    Row row;
    REQUIRE(product.next(row) == Pull::kItem);
    REQUIRE(row == Row{"A", "1"});
    REQUIRE(product.next(row) == Pull::kItem);
    REQUIRE(product.next(row) == Pull::kWait);
}

TEST_CASE("a job knows beforehand whether it may get several items", "[cli][input]") {
    const auto many = [](std::vector<std::string> words) {
        const Options options = parse_command_line(words);
        return JobInputs::open(options.sources, options.input).shape().many_items;
    };
    REQUIRE_FALSE(many({"echo", ":::", "A"}));
    REQUIRE(many({"echo", ":::", "A", ":::", "1"}));
    REQUIRE(many({"-n2", "echo", ":::", "A"}));
    REQUIRE_FALSE(many({"-N0", "echo", ":::", "A", ":::", "1"}));
}
