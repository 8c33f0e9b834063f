// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/module_template.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <array>

using namespace aiomisc::cli;
using Words = std::vector<std::string>;

namespace {

/// thumbnail(src: path, size: integer = 256, tags: text…)
class FakeJob final : public aiomisc::job::Job {
public:
    [[nodiscard]] std::string_view name() const noexcept override { return "thumbnail"; }

    [[nodiscard]] std::string_view about() const noexcept override { return ""; }

    [[nodiscard]] std::span<const aiomisc::job::ParameterInfo> parameters()
        const noexcept override {
        return kParameters;
    }

    void check(std::size_t, std::string_view) const override {}

    void init() const override {}

    void worker_init() const override {}

    int run(aiomisc::JobContext&, std::span<const aiomisc::job::Argument>) const override {
        return 0;
    }

private:
    static constexpr std::array<aiomisc::job::ParameterInfo, 3> kParameters{{
        {.name = "src", .type = "path"},
        {.name = "size", .type = "integer", .default_value = "256", .required = false},
        {.name = "tags", .type = "text", .required = false, .repeatable = true},
    }};
};

const FakeJob kJob;

FilledCall fill(const Words& words, Words items, bool with_items = true) {
    return ModuleTemplate("./thumb.so", kJob, words, PlaceholderSet(), with_items)
        .fill({.seq = 5, .items = std::move(items)}, 2);
}

using Arguments = std::vector<JobArgument>;

}  // namespace

TEST_CASE("arguments of a job function are filled by name", "[cli][template]") {
    const FilledCall filled = fill({"size=128", "src=in/{/.}.jpg"}, {"a/it's.png"});
    REQUIRE(filled.call.arguments == Arguments{{1, "128"}, {0, "in/it's.jpg"}});
    REQUIRE(filled.text == R"(./thumb.so size=128 src='in/it'\''s.jpg')");
}

TEST_CASE("without a placeholder the items are one more argument", "[cli][template]") {
    REQUIRE(fill({"size=128"}, {"a"}).call.arguments == Arguments{{1, "128"}, {0, "a"}});
    REQUIRE(fill({}, {"a"}).call.arguments == Arguments{{0, "a"}});
    REQUIRE(fill({"src=x"}, {}, false).call.arguments == Arguments{{0, "x"}});
}

TEST_CASE("a list takes each item, anything else takes them joined", "[cli][template]") {
    REQUIRE(
        fill({"src={1}", "tags={}"}, {"a", "b c"}).call.arguments ==
        Arguments{{0, "a"}, {2, "a"}, {2, "b c"}});
    REQUIRE(fill({"src={}"}, {"a", "b"}).call.arguments == Arguments{{0, "a b"}});
}

TEST_CASE("an item that looks like an argument by name stays a value", "[cli][template]") {
    REQUIRE(fill({"{}"}, {"size=1"}).call.arguments == Arguments{{0, "size=1"}});
}

TEST_CASE("words that do not fit are refused before any job", "[cli][template]") {
    REQUIRE_THROWS_AS(fill({"nosuch=1", "src={}"}, {"a"}), aiomisc::ConfigError);
    REQUIRE_THROWS_AS(fill({"size=1"}, {"a"}, false), aiomisc::ConfigError);
}
