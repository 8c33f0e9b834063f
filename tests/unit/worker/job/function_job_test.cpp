// SPDX-License-Identifier: MIT
#include <aiomisc/worker/job/function_job.h>

#include "fake_job_context.h"
#include "support/catch.h"

#include <filesystem>

using aiomisc::ArgumentError;
using aiomisc::JobContext;
using aiomisc::job::about;
using aiomisc::job::Argument;
using aiomisc::job::init;
using aiomisc::job::param;
using aiomisc::job::worker_init;
using aiomisc::job::detail::FunctionJob;
using aiomisc::test::FakeJobContext;

namespace {

enum class Filter { kBox, kNearest };

/// What the last job was called with.
std::string called_with;  // NOLINT(readability-identifier-naming): not a constant

int resize(const std::filesystem::path& source, std::string_view name, int size, Filter filter) {
    called_with = source.string() + " " + std::string(name) + " " + std::to_string(size) + " " +
                  (filter == Filter::kBox ? "box" : "nearest");
    return size / 100;
}

void collect(
    std::vector<int> numbers, std::optional<double> scale, std::optional<std::string> label) {
    called_with = std::to_string(numbers.size()) + ":";
    for (const int number : numbers) {
        called_with += std::to_string(number) + ",";
    }
    called_with += scale ? std::to_string(*scale) : "no scale";
    called_with += label ? " '" + *label + "'" : " no label";
}

int observe(JobContext& context, int steps) {
    for (int i = 1; i <= steps; ++i) {
        context.progress(static_cast<double>(i) / steps);
    }
    return context.stop_requested() ? 100
                                    : context.attempt() * 10 + static_cast<int>(context.sequence());
}

void nothing() noexcept {
    called_with = "nothing";
}

void fail() {
    throw std::domain_error("disk on fire");
}

void set_up() {
    called_with = "set up";
}

void connect() {
    called_with = "connect";
}

int run(const aiomisc::job::Job& job, const std::vector<Argument>& arguments) {
    FakeJobContext context;
    return job.run(context, arguments);
}

}  // namespace

TEST_CASE("a job knows its parameters by name, type, text and default") {
    const FunctionJob<&resize> job(
        "images::resize",
        about("Resizes."),
        param("src", "the picture"),
        param("name"),
        param("size", "pixels") = 256,
        param("filter") = Filter::kNearest);
    CHECK(job.name() == "resize");
    CHECK(job.about() == "Resizes.");
    const auto parameters = job.parameters();
    REQUIRE(parameters.size() == 4);
    CHECK(parameters[0].name == "src");
    CHECK(parameters[0].type == "path");
    CHECK(parameters[0].about == "the picture");
    CHECK(parameters[0].required);
    CHECK(parameters[1].type == "text");
    CHECK(parameters[2].type == "integer");
    CHECK(parameters[2].default_value == "256");
    CHECK_FALSE(parameters[2].required);
    CHECK(parameters[3].type == "box|nearest");
    CHECK(parameters[3].default_value == "nearest");
}

TEST_CASE("a job runs with converted arguments, and defaults for those that are not given") {
    const FunctionJob<&resize> job(
        "resize",
        param("src"),
        param("name") = "unnamed",
        param("size") = 256,
        param("filter") = Filter::kBox);
    CHECK(run(job, {{0, "a b.jpg"}}) == 2);
    CHECK(called_with == "a b.jpg unnamed 256 box");
    CHECK(run(job, {{3, "nearest"}, {2, "1200"}, {1, ""}, {0, "x"}}) == 12);
    CHECK(called_with == "x  1200 nearest");
}

TEST_CASE("a job does not run when an argument is missing or cannot be converted") {
    const FunctionJob<&resize> job(
        "resize", param("src"), param("name"), param("size") = 256, param("filter") = Filter::kBox);
    called_with = "not called";
    CHECK_THROWS_WITH(run(job, {{1, "x"}}), "src: is missing");
    CHECK_THROWS_WITH(run(job, {{0, "x"}, {1, "x"}, {2, "big"}}), "size: 'big' is not an integer");
    CHECK_THROWS_WITH(run(job, {{0, ""}, {1, "x"}}), "src: '' is not a path");
    CHECK_THROWS_AS(run(job, {{4, "x"}}), ArgumentError);
    CHECK(called_with == "not called");
}

TEST_CASE("check converts one argument without running the job") {
    const FunctionJob<&resize> job(
        "resize", param("src"), param("name"), param("size") = 256, param("filter") = Filter::kBox);
    called_with = "not called";
    job.check(2, "7");
    CHECK_THROWS_WITH(job.check(2, "x"), "size: 'x' is not an integer");
    CHECK_THROWS_WITH(job.check(3, "x"), "filter: 'x' is not one of box|nearest");
    CHECK_THROWS_AS(job.check(4, "x"), ArgumentError);
    CHECK(called_with == "not called");
}

TEST_CASE("lists take any number of arguments, which replace their default") {
    const FunctionJob<&collect> job(
        "collect", param("n") = std::vector<int>{1, 2}, param("scale"), param("label"));
    CHECK(job.parameters()[0].repeatable);
    CHECK(job.parameters()[0].default_value == "1 2");
    run(job, {});
    CHECK(called_with == "2:1,2,no scale no label");
    run(job, {{0, "7"}, {1, "0.5"}, {0, "8"}, {0, "9"}, {2, "x"}});
    CHECK(called_with == "3:7,8,9,0.500000 'x'");
    CHECK_THROWS_WITH(run(job, {{0, "7"}, {0, "x"}}), "n: 'x' is not an integer");
}

TEST_CASE("a list without a default must be given at least once") {
    const FunctionJob<&collect> job("collect", param("n"), param("scale"), param("label"));
    CHECK(job.parameters()[0].required);
    CHECK_THROWS_WITH(run(job, {}), "n: is missing");
}

TEST_CASE(
    "an empty text is no value for an optional number, and an empty string for an optional text") {
    const FunctionJob<&collect> job(
        "collect", param("n") = std::vector<int>{}, param("scale"), param("label"));
    CHECK_FALSE(job.parameters()[1].required);
    run(job, {{1, ""}, {2, ""}});
    CHECK(called_with == "0:no scale ''");
}

TEST_CASE("a job that takes the context reports progress and learns of its attempt") {
    const FunctionJob<&observe> job("observe", param("steps") = 2);
    REQUIRE(job.parameters().size() == 1);
    FakeJobContext context;
    CHECK(job.run(context, {}) == 37);
    CHECK(context.progressed == std::vector<double>{0.5, 1});
    context.stop = true;
    CHECK(job.run(context, {}) == 100);
}

TEST_CASE("a job may take nothing and return nothing") {
    const FunctionJob<&nothing> job("nothing");
    CHECK(job.parameters().empty());
    CHECK(run(job, {}) == 0);
    CHECK(called_with == "nothing");
    CHECK_THROWS_AS(run(job, {{0, "x"}}), ArgumentError);
}

TEST_CASE("what a job throws leaves run() as it is") {
    const FunctionJob<&fail> job("fail");
    CHECK_THROWS_AS(run(job, {}), std::domain_error);
}

TEST_CASE("init and worker_init run what was declared, and nothing otherwise") {
    const FunctionJob<&nothing> plain("nothing");
    called_with = "";
    plain.init();
    plain.worker_init();
    CHECK(called_with.empty());

    const FunctionJob<&nothing> job("nothing", init(set_up), worker_init(connect));
    job.init();
    CHECK(called_with == "set up");
    job.worker_init();
    CHECK(called_with == "connect");
}
