// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/job_template.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/job/function_job.h>

#include <filesystem>

using aiomisc::argument_problems;
using aiomisc::JobWord;
using aiomisc::match_first_job_words;
using aiomisc::match_job_words;
using aiomisc::job::Argument;
using aiomisc::job::param;
using aiomisc::job::detail::FunctionJob;
using aiomisc::test::contains;

namespace {

int resize(
    const std::filesystem::path& /*src*/, const std::filesystem::path& /*dst*/, int /*size*/) {
    return 0;
}

int merge(const std::filesystem::path& /*dst*/, const std::vector<std::filesystem::path>& /*src*/) {
    return 0;
}

const FunctionJob<&resize> kResize("resize", param("src"), param("dst"), param("size") = 256);
const FunctionJob<&merge> kMerge("merge", param("dst"), param("src"));

bool has_no_placeholder(std::string_view text) {
    return text.find('{') == std::string_view::npos;
}

std::vector<JobWord> match(const aiomisc::job::Job& job, const std::vector<std::string>& words) {
    return match_job_words(job, words, has_no_placeholder);
}

}  // namespace

TEST_CASE("words find their parameters by name, and keep their placeholders") {
    CHECK(
        match(kResize, {"size=128", "src={}", "dst=out/{/.}.jpg"}) ==
        std::vector<JobWord>{{2, "128"}, {0, "{}"}, {1, "out/{/.}.jpg"}});
}

TEST_CASE("words without a name go to the parameters that were not named, in order") {
    CHECK(match(kResize, {"{}", "out/{/}"}) == std::vector<JobWord>{{0, "{}"}, {1, "out/{/}"}});
    CHECK(match(kResize, {"{1}", "src={2}"}) == std::vector<JobWord>{{0, "{2}"}, {1, "{1}"}});
    CHECK_THROWS_WITH(match(kResize, {"{}", "b", "3", "d"}), contains("'d' is one word too many"));
}

TEST_CASE("a list takes every word that is left") {
    CHECK(
        match(kMerge, {"dst=all", "a", "b"}) ==
        std::vector<JobWord>{{0, "all"}, {1, "a"}, {1, "b"}});
    CHECK(
        match(kMerge, {"all", "{}", "b"}) == std::vector<JobWord>{{0, "all"}, {1, "{}"}, {1, "b"}});
    CHECK(
        match(kMerge, {"src=a", "src=b", "dst=c"}) ==
        std::vector<JobWord>{{1, "a"}, {1, "b"}, {0, "c"}});
}

TEST_CASE("parameters that no word was for are open to the words of each job") {
    const auto open = [](const aiomisc::job::Job& job, const std::vector<std::string>& words) {
        return match_first_job_words(job, words, has_no_placeholder).open;
    };
    using Open = std::vector<std::size_t>;
    CHECK(open(kResize, {}) == Open{0, 1, 2});
    CHECK(open(kResize, {"dst=x"}) == Open{0, 2});
    CHECK(open(kResize, {"a", "size=3"}) == Open{1});
    CHECK(open(kResize, {"a", "b", "3"}) == Open{});
    CHECK(open(kMerge, {}) == Open{0, 1});
    CHECK(open(kMerge, {"all", "a"}) == Open{1});
    CHECK(open(kMerge, {"src=a"}) == Open{0});
    const std::vector<std::string> unknown{"sise=1"};
    CHECK_THROWS_WITH(
        match_first_job_words(kResize, unknown, has_no_placeholder),
        contains("'sise' is not a parameter") && !contains("is missing"));
}

TEST_CASE("what stands before the first equals sign is a name only if it looks like one") {
    CHECK(
        match(kResize, {"dir/a=b", "dst=c=d"}) == std::vector<JobWord>{{1, "c=d"}, {0, "dir/a=b"}});
    CHECK(match(kResize, {"{}=x", "dst=y"}) == std::vector<JobWord>{{1, "y"}, {0, "{}=x"}});
    CHECK(
        match(
            kResize,
            {"=x",
             "dst="
             "y"}) == std::vector<JobWord>{{1, "y"}, {0, "=x"}});
}

TEST_CASE("everything that is wrong with the words is reported at once, before any job") {
    CHECK_THROWS_AS(match(kResize, {}), aiomisc::ConfigError);
    const auto message = [](const std::vector<std::string>& words) {
        try {
            match(kResize, words);
        } catch (const aiomisc::ConfigError& error) {
            return std::string(error.what());
        }
        return std::string();
    };
    const std::string all = message({"sise=1", "size=big", "size=2", "src={}"});
    CHECK_THAT(all, contains("'sise' is not a parameter; there are: src, dst, size"));
    CHECK_THAT(all, contains("size: is given twice"));
    CHECK_THAT(all, contains("dst: is missing"));
    CHECK_THAT(all, contains("size: 'big' is not an integer"));
    CHECK_THAT(message({"src={}", "dst=", "size={2}"}), contains("dst: '' is not a path"));
}

TEST_CASE("the arguments of one job are checked without running it") {
    const std::vector<Argument> good{{0, "a"}, {2, "1"}};
    CHECK(argument_problems(kResize, good).empty());
    const std::vector<Argument> bad{{0, ""}, {2, "x"}, {9, "y"}};
    CHECK(
        argument_problems(kResize, bad) ==
        std::vector<std::string>{
            "src: '' is not a path", "size: 'x' is not an integer", "no such parameter"});
}
