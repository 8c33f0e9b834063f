// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_layout.h>

#include "support/catch.h"

#include <aiomisc/cli/options/usage_error.h>
#include <aiomisc/cli/results/result_name.h>

#include <random>
#include <set>
#include <string>
#include <vector>

using namespace aiomisc::cli;
using namespace aiomisc::test;

namespace {

using Names = std::vector<std::string>;

ResultPlace place(ResultLayout layout, Names items) {
    return layout.place_of({.seq = 7, .items = std::move(items)}, 1);
}

std::string path(const ResultPlace& place) {
    std::string path;
    for (const std::string& folder : place.folders) {
        path += folder + "/";
    }
    return path + place.out;
}

bool is_plain_name(const std::string& name) {
    return !name.empty() && name.size() <= kLongestName && name.front() != '.' &&
           name.find('/') == std::string::npos && name.find('\0') == std::string::npos;
}

}  // namespace

TEST_CASE("names that say something else to a file system are escaped", "[cli][results][AR-40]") {
    CHECK(escape_name("plain name.txt") == "plain name.txt");
    CHECK(escape_name("a/b") == "a\\_b");
    CHECK(escape_name("a\\_b") == "a\\\\_b");
    CHECK(escape_name("").size() == 2);
    CHECK(escape_name("\\e") != escape_name(""));
    CHECK(escape_name(".") == "\\.");
    CHECK(escape_name("..") == "\\..");
    CHECK(escape_name("\x1b[31m\n\x7f") == "\\x1b[31m\\x0a\\x7f");
}

TEST_CASE("no two items have one name", "[cli][results]") {
    // Short ones of the characters that escapes are made of, where two would meet if any did.
    const std::string alphabet = "/\\_.ex01\x01#";
    std::set<std::string> names;
    std::size_t items = 0;
    const auto visit = [&](const auto& self, const std::string& item) -> void {
        ++items;
        const std::string name = escape_name(item);
        REQUIRE(is_plain_name(name));
        names.insert(name);
        if (item.size() < 5) {
            for (const char c : alphabet) {
                self(self, item + c);
            }
        }
    };
    visit(visit, "");
    CHECK(names.size() == items);
}

TEST_CASE("a name that is too long is cut, and still its own", "[cli][results]") {
    const std::string left = fit_name(std::string(300, 'x') + "1", kLongestName);
    const std::string right = fit_name(std::string(300, 'x') + "2", kLongestName);
    CHECK(left.size() <= kLongestName);
    CHECK(left != right);
    CHECK(left.starts_with("xxxx"));
    CHECK(fit_name(std::string(255, 'x'), kLongestName) == std::string(255, 'x'));
    std::string two_bytes;
    for (int count = 0; count < 200; ++count) {
        two_bytes += "\xc3\xa9";
    }
    for (const std::size_t limit : {200, 201}) {
        const std::string cut = fit_name(two_bytes, limit);
        CHECK(cut.size() <= limit);
        CHECK(cut.find("\\#") % 2 == 0);  // not in the middle of a character
    }
}

TEST_CASE("a folder gets GNU parallel's tree", "[cli][results][AR-40]") {
    const ResultLayout layout("out/r", PlaceholderSet());
    CHECK(layout.root() == "out/r");
    const ResultPlace found = place(layout, {"I", "a/b"});
    CHECK(found.folders == Names{"1", "I", "2", "a\\_b"});
    CHECK(found.out == "stdout");
    CHECK(found.err == "stderr");
    CHECK(found.seq == "seq");
}

TEST_CASE("names of items stand where their numbers would", "[cli][results]") {
    ResultLayout layout("r", PlaceholderSet());
    layout.name_items({"width", "../h"});
    CHECK(place(layout, {"1", "2", "3"}).folders == Names{"width", "1", "\\..\\_h", "2", "3", "3"});
}

TEST_CASE("a template names the files, or their folder", "[cli][results]") {
    const ResultLayout files("../out/run-{1}/x-{2/}", PlaceholderSet());
    CHECK(files.root() == "../out/");
    const ResultPlace found = place(files, {"..", "dir/b"});
    CHECK(found.folders == Names{"run-\\.."});
    CHECK(found.out == "x-b");
    CHECK(found.err == "x-b.err");
    CHECK(found.seq == "x-b.seq");

    const ResultLayout folders("{}/", PlaceholderSet());
    CHECK(folders.root() == ".");
    CHECK(path(place(folders, {"/etc"})) == "\\_etc/stdout");
    CHECK(ResultLayout("out/,,", PlaceholderSet({.placeholder = ",,"}, {}, 1)).root() == "out/");
    CHECK_THROWS_AS(ResultLayout("{}/../x", PlaceholderSet()), UsageError);
}

TEST_CASE("a job without items has a name as one with an empty item", "[cli][results]") {
    for (const char* text : {"{}", "r/{}", ".{}", "..{}", "{}.", "r/{}-x", "{}/", "{}/{}"}) {
        CAPTURE(text);
        const ResultLayout layout(text, PlaceholderSet());
        CHECK(path(place(layout, {})) == path(place(layout, {""})));
    }
    CHECK(place(ResultLayout("r/{}", PlaceholderSet()), {}).out == "\\e");
}

TEST_CASE("only one whole item surely has a place of its own", "[cli][results]") {
    const auto distinct = [](const char* text, Names items) {
        return place(ResultLayout(text, PlaceholderSet()), std::move(items)).distinct;
    };
    for (const char* text : {"r", "{}", "r/x-{}.txt", "r/{1}/", "{-1}"}) {
        CHECK(distinct(text, {"a"}));
        CHECK(distinct(text, {}));
    }
    CHECK(distinct("r", {"a", "b"}));
    CHECK_FALSE(distinct("{}", {"a", "b"}));
    ResultLayout layout("{}", PlaceholderSet());
    CHECK(layout.place_of({.seq = 1, .items = {"a b"}}, 1).distinct);
    CHECK_FALSE(layout.place_of({.seq = 2, .items = {"a", "b"}}, 1).distinct);
    CHECK_FALSE(layout.place_of({.seq = 3, .items = {"a b"}}, 1).distinct);
    CHECK_FALSE(distinct("{1}", {"a", "b"}));
    CHECK_FALSE(distinct("{1}-{2}", {"a", "b"}));
    for (const char* text : {"{/}", "{}{}", "{#}-{}", "{2}", "{%}"}) {
        CHECK_FALSE(distinct(text, {"a"}));
    }
}

TEST_CASE("the files of a job are no other job's", "[cli][results]") {
    const ResultLayout layout("r/{}", PlaceholderSet());
    std::set<std::string> files;
    for (const char* const item : {"x", "x.err", "x.seq", "x.err.err", "x.err.seq", "x\\.err"}) {
        const ResultPlace found = place(layout, {item});
        CHECK(files.insert(found.out).second);
        CHECK(files.insert(found.err).second);
        CHECK(files.insert(found.seq).second);
    }
    const ResultPlace longest = place(layout, {std::string(400, 'x')});
    CHECK(is_plain_name(longest.err));
    CHECK(longest.err == longest.out + ".err");
}

TEST_CASE("whatever the items are nothing leaves the root", "[cli][results]") {
    std::mt19937 random(20221122);
    const std::string parts[] = {"/", "..", ".", "a", "\\", "_", "\n", "\xff", ""};
    std::uniform_int_distribution<std::size_t> pick(0, std::size(parts) - 1);
    const ResultLayout layouts[] = {
        ResultLayout("r", PlaceholderSet()),
        ResultLayout("r/{}", PlaceholderSet()),
        ResultLayout("r/{1}/{2//}/x{}/", PlaceholderSet())};
    for (int round = 0; round < 2000; ++round) {
        Names items(2);
        for (std::string& item : items) {
            for (int count = 0; count < 4; ++count) {
                item += parts[pick(random)];
            }
        }
        for (const ResultLayout& layout : layouts) {
            const ResultPlace found = place(layout, items);
            for (const std::string& folder : found.folders) {
                REQUIRE(is_plain_name(folder));
            }
            REQUIRE(is_plain_name(found.out));
        }
    }
}

TEST_CASE("very many items get a short path", "[cli][results]") {
    const ResultLayout layout("r", PlaceholderSet());
    Names items(2000, "item");
    const std::string one = path(place(layout, items));
    items.back() = "other";
    const std::string other = path(place(layout, items));
    CHECK(one.size() < 255);
    CHECK(one != other);
}
