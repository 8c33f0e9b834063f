// SPDX-License-Identifier: MIT
#include <aiomisc/cli/template/module_template.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>

#include <array>

using namespace aiomisc::cli;
using aiomisc::test::contains;
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

FilledCall fill(const Words& words, Words items, const ModuleItems& shape = {}) {
    return ModuleTemplate("./thumb.so", kJob, words, PlaceholderSet(), shape)
        .fill({.seq = 5, .items = std::move(items)}, 2);
}

using Arguments = std::vector<JobArgument>;

}  // namespace

TEST_CASE("arguments of a job function are filled by name", "[cli][template]") {
    const FilledCall filled = fill({"size=128", "src=in/{/.}.jpg"}, {"a/it's.png"});
    REQUIRE(filled.call.arguments == Arguments{{1, "128"}, {0, "in/it's.jpg"}});
    REQUIRE(filled.text == R"(./thumb.so size=128 src='in/it'\''s.jpg')");
}

TEST_CASE("without a placeholder an item goes to each parameter left", "[cli][template]") {
    REQUIRE(fill({"size=128"}, {"a"}).call.arguments == Arguments{{1, "128"}, {0, "a"}});
    REQUIRE(fill({}, {"a"}).call.arguments == Arguments{{0, "a"}});
    REQUIRE(fill({"src=x"}, {}, {.any = false}).call.arguments == Arguments{{0, "x"}});
    const FilledCall two = fill({}, {"a b", "9"});
    REQUIRE(two.call.arguments == Arguments{{0, "a b"}, {1, "9"}});
    REQUIRE(two.text == "./thumb.so src='a b' size=9");
    REQUIRE(
        fill({}, {"a", "9", "c", "d"}).call.arguments ==
        Arguments{{0, "a"}, {1, "9"}, {2, "c"}, {2, "d"}});
    REQUIRE(
        fill({"a", "9", "c"}, {"d", "e"}).call.arguments ==
        Arguments{{0, "a"}, {1, "9"}, {2, "c"}, {2, "d"}, {2, "e"}});
}

TEST_CASE("items without a parameter fail their job", "[cli][template]") {
    REQUIRE_THROWS_WITH(
        fill({"tags=x"}, {"a", "9", "c"}),
        contains("3 items, and 2 parameters are left (src, size)"));
    REQUIRE_THROWS_WITH(
        fill({"src=a", "tags=x"}, {"9", "c"}),
        contains("2 items, and one parameter is left (size)"));
    REQUIRE_THROWS_WITH(
        fill({"src=a", "size=9", "tags=x"}, {"c"}), contains("1 item, and no parameter is left"));
    REQUIRE_THROWS_WITH(fill({}, {}), contains("src: is missing"));
}

TEST_CASE("items that cannot fit are refused before any job", "[cli][template]") {
    const auto refuse = [](const Words& words, const ModuleItems& shape) {
        return ModuleTemplate("./thumb.so", kJob, words, PlaceholderSet(), shape);
    };
    REQUIRE_THROWS_WITH(refuse({"tags=x"}, {.most = 3}), contains("a job has 3 items"));
    REQUIRE_THROWS_WITH(refuse({"tags=x"}, {.repeat_words = true}), contains("-X needs"));
    REQUIRE_NOTHROW(refuse({}, {.repeat_words = true}));
    REQUIRE_NOTHROW(refuse({}, {.most = 9}));
    REQUIRE_NOTHROW(refuse({"tags=x"}, {.most = 2}));
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
    REQUIRE_THROWS_AS(fill({"size=1"}, {"a"}, {.any = false}), aiomisc::ConfigError);
}
