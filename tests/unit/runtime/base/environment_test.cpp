// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/environment.h>

#include "support/catch.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/required.h>

#include <cstdlib>
#include <string>
#include <type_traits>

using namespace aiomisc;
using namespace aiomisc::test;

namespace {

constexpr const char* kVariable = "AIOMISC_TEST_VARIABLE";

class Variable {
public:
    explicit Variable(const char* value) { ::setenv(kVariable, value, 1); }

    Variable(const Variable&) = delete;
    Variable& operator=(const Variable&) = delete;

    ~Variable() { ::unsetenv(kVariable); }
};

struct Options {
    Required<int> port;
    std::string address = "localhost";
};

}  // namespace

TEST_CASE("a variable that is not set, or empty, says nothing", "[EP-31]") {
    CHECK_FALSE(environment::text(kVariable));
    CHECK_FALSE(environment::boolean(kVariable));
    const Variable empty("");
    CHECK_FALSE(environment::text(kVariable));
    CHECK_FALSE(environment::number(kVariable));
    CHECK_FALSE(environment::seconds(kVariable));
}

TEST_CASE("truth has many words, in any case", "[EP-31]") {
    for (const char* word : {"1", "enable", "enabled", "On", "TRUE", "yes"}) {
        const Variable variable(word);
        CHECK(environment::boolean(kVariable) == true);
    }
    for (const char* word : {"0", "disable", "Disabled", "off", "false", "NO"}) {
        const Variable variable(word);
        CHECK(environment::boolean(kVariable) == false);
    }
}

TEST_CASE("numbers are parsed strictly", "[EP-31]") {
    const Variable variable("42");
    CHECK(environment::number(kVariable) == 42U);
    CHECK(environment::seconds(kVariable) == 42.0);
}

TEST_CASE("what makes no sense is an error that names the variable", "[EP-31]") {
    for (const char* text : {"12x", "-1", "ten", "1e999", "inf", " 1"}) {
        const Variable variable(text);
        CHECK_THROWS_WITH(environment::number(kVariable), contains(kVariable));
        CHECK_THROWS_WITH(environment::seconds(kVariable), contains(kVariable));
    }
    const Variable variable("perhaps");
    CHECK_THROWS_WITH(environment::boolean(kVariable), contains(kVariable));
}

TEST_CASE("a required option must be given", "[SV-03][test_required_kwargs]") {
    STATIC_REQUIRE_FALSE(std::is_default_constructible_v<Options>);
    const Options options{.port = 80};
    const int port = options.port;
    CHECK(port == 80);
    CHECK(options.port.value() == 80);
    CHECK(options.address == "localhost");
}
