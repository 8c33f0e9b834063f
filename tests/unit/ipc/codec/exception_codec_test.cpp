// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/exception_codec.h>

#include "round_trip.h"
#include "support/catch.h"

#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/runtime/base/error.h>

#include <any>
#include <exception>
#include <filesystem>
#include <functional>
#include <future>
#include <ios>
#include <memory>
#include <new>
#include <optional>
#include <regex>
#include <stdexcept>
#include <string>
#include <system_error>
#include <typeinfo>
#include <variant>

using aiomisc::CancelledError;
using aiomisc::CancelReason;
using aiomisc::RemoteError;
using aiomisc::ipc::encode_exception;
using aiomisc::ipc::EncodedException;
using aiomisc::test::contains;
namespace fs = std::filesystem;

namespace {

/// Where an exception thrown by the callable goes when it crosses between two processes.
template <typename Throw>
std::exception_ptr cross(const Throw& thrower, std::string trace = {}) {
    try {
        thrower();
    } catch (...) {
        const auto sent = encode_exception(std::current_exception(), std::move(trace));
        return aiomisc::ipc::to_exception_ptr(aiomisc::test::round_trip(sent));
    }
    return nullptr;
}

/// Whether the exception is exactly a T, and neither a base nor derived.
template <typename T>
bool is_exactly(const std::exception_ptr& error) {
    try {
        std::rethrow_exception(error);
    } catch (const T& exception) {
        return typeid(exception) == typeid(T);
    } catch (...) {
        return false;
    }
}

template <typename T>
void check_crosses(const T& exception) {
    const auto error = cross([&] { throw exception; });
    INFO(typeid(T).name());
    REQUIRE(is_exactly<T>(error));
    try {
        std::rethrow_exception(error);
    } catch (const T& copy) {
        CHECK(std::string(copy.what()) == exception.what());
    }
}

/// The RemoteError that arrives when `value` is thrown.
template <typename T>
RemoteError remote(const T& value, std::string trace = {}) {
    try {
        std::rethrow_exception(cross([&] { throw value; }, std::move(trace)));
    } catch (const RemoteError& error) {
        return error;
    }
}

struct Custom : std::out_of_range {
    using std::out_of_range::out_of_range;
};

struct Silent {};

struct NullWhat : std::exception {
    [[nodiscard]] const char* what() const noexcept override { return nullptr; }
};

struct CopyThrows : std::exception {
    CopyThrows() = default;

    CopyThrows(const CopyThrows& other) : std::exception(other) { throw 1; }

    [[nodiscard]] const char* what() const noexcept override { return "cannot be copied"; }
};

class OtherCategory : public std::error_category {
public:
    [[nodiscard]] const char* name() const noexcept override { return "other"; }

    [[nodiscard]] std::string message(int) const override { return "of another library"; }
};

void throw_nested(int depth) {
    if (depth == 0) {
        throw std::out_of_range("level 0");
    }
    try {
        throw_nested(depth - 1);
    } catch (...) {
        std::throw_with_nested(std::runtime_error("level " + std::to_string(depth)));
    }
}

/// The texts of a chain, outermost first.
std::vector<std::string> chain_of(const std::exception_ptr& error) {
    std::vector<std::string> texts;
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        texts.emplace_back(exception.what());
        try {
            std::rethrow_if_nested(exception);
        } catch (...) {
            const auto inner = chain_of(std::current_exception());
            texts.insert(texts.end(), inner.begin(), inner.end());
        }
    }
    return texts;
}

}  // namespace

TEMPLATE_TEST_CASE(
    "a standard exception arrives as itself, with its text",
    "[ipc][codec][F70]",
    std::logic_error,
    std::invalid_argument,
    std::domain_error,
    std::length_error,
    std::out_of_range,
    std::runtime_error,
    std::range_error,
    std::overflow_error,
    std::underflow_error,
    aiomisc::Error,
    aiomisc::TimeoutError,
    aiomisc::InvalidStateError,
    aiomisc::ClosedError,
    aiomisc::ProtocolError,
    aiomisc::EncodeError) {
    check_crosses(TestType("what happened"));
    check_crosses(TestType(""));
}

TEMPLATE_TEST_CASE(
    "an exception without a text of its own arrives as itself",
    "[ipc][codec][F70]",
    std::exception,
    std::bad_exception,
    std::bad_alloc,
    std::bad_array_new_length,
    std::bad_cast,
    std::bad_any_cast,
    std::bad_typeid,
    std::bad_optional_access,
    std::bad_variant_access,
    std::bad_function_call,
    std::bad_weak_ptr) {
    check_crosses(TestType());
}

TEST_CASE("exceptions with a code arrive with it and with their text", "[ipc][codec][F70]") {
    const auto denied = std::make_error_code(std::errc::permission_denied);
    check_crosses(std::system_error(denied));
    check_crosses(std::system_error(denied, "open /x"));
    check_crosses(std::system_error(5, std::system_category(), "read"));
    check_crosses(std::ios_base::failure("stream"));
    check_crosses(std::future_error(std::future_errc::broken_promise));
    check_crosses(std::regex_error(std::regex_constants::error_brack));
    check_crosses(fs::filesystem_error("copy", denied));
    check_crosses(fs::filesystem_error("copy", "/from", denied));
    check_crosses(fs::filesystem_error("copy", "/from", "/to", denied));
    check_crosses(aiomisc::SystemError::from_code(2, "connect", "/run/x"));
    check_crosses(aiomisc::ConfigError("workers", "--workers", "is not a number"));
    check_crosses(aiomisc::ipc::PayloadTooLarge(64));

    try {
        std::rethrow_exception(cross([&] { throw fs::filesystem_error("m", "/a", "/b", denied); }));
    } catch (const fs::filesystem_error& error) {
        CHECK(error.code() == std::errc::permission_denied);
        CHECK(error.path1() == "/a");
        CHECK(error.path2() == "/b");
    }
    try {
        std::rethrow_exception(cross([] { throw aiomisc::ConfigError("key", "file", "bad"); }));
    } catch (const aiomisc::ConfigError& error) {
        CHECK(error.key() == "key");
        CHECK(error.source() == "file");
    }
}

TEST_CASE("an error code of an unknown category keeps its value and name", "[ipc][codec][F70]") {
    static const OtherCategory category;
    const auto thrower = [] { throw std::system_error(77, category, "did"); };
    const auto catch_code = [&] {
        try {
            std::rethrow_exception(cross(thrower));
        } catch (const std::system_error& error) {
            CHECK_THAT(error.what(), contains("did: of another library"));
            return error.code();
        }
    };
    const std::error_code code = catch_code();
    CHECK(code.value() == 77);
    CHECK(std::string(code.category().name()) == "other");
    CHECK(code == catch_code());
}

TEST_CASE("names of categories from another process are kept up to a bound", "[ipc][codec]") {
    std::string last;
    for (int i = 0; i != 200; ++i) {
        const EncodedException sent{
            .type = "std::system_error",
            .what = "x",
            .code = 1,
            .category = "made up " + std::to_string(i)};
        try {
            aiomisc::ipc::rethrow(sent);
        } catch (const std::system_error& error) {
            last = error.code().category().name();
        }
    }
    CHECK(last == "remote");
}

TEST_CASE("other exceptions arrive as RemoteError with their type and text", "[ipc][codec][F70]") {
    const RemoteError custom = remote(Custom("index 7"), "frame 1\nframe 2");
    CHECK_THAT(custom.type_name(), contains("Custom"));
    CHECK(custom.message() == "index 7");
    CHECK(custom.trace() == "frame 1\nframe 2");
    CHECK_THAT(custom.what(), contains("Custom: index 7"));

    CHECK(remote(42).type_name() == "int");
    CHECK(remote(42).message() == "42");
    CHECK(remote(static_cast<const char*>("a text")).message() == "a text");
    CHECK(remote(std::string("a string")).message() == "a string");
    CHECK(remote(true).message() == "true");
    CHECK(remote(2.5).message() == std::to_string(2.5));
    CHECK_THAT(remote(Silent()).type_name(), contains("Silent"));
    CHECK(remote(Silent()).message() == "not derived from std::exception");
}

TEST_CASE("a RemoteError that is sent on keeps what it says", "[ipc][codec][F70]") {
    const RemoteError further = remote(RemoteError("deep::Type", "message", "trace"), "not this");
    CHECK(further.type_name() == "deep::Type");
    CHECK(further.message() == "message");
    CHECK(further.trace() == "trace");
}

TEST_CASE("exceptions that misbehave are described all the same", "[ipc][codec][F71]") {
    CHECK(remote(NullWhat()).message() == "unprintable");
    CHECK(remote(static_cast<const char*>(nullptr)).message() == "unprintable");

    try {
        std::rethrow_exception(cross([] { throw CopyThrows(); }));
    } catch (const RemoteError& error) {
        CHECK(error.message() == "cannot be copied");
    }
    CHECK(encode_exception(nullptr).what == "no exception");
}

TEST_CASE("a long text is cut with a note", "[ipc][codec][F70]") {
    const std::string text(10 * 1024 * 1024, 'x');
    for (const auto& sent :
         {encode_exception(std::make_exception_ptr(text)),
          encode_exception(std::make_exception_ptr(std::runtime_error(text)))}) {
        CHECK(sent.what.size() <= aiomisc::ipc::kMaxExceptionTextBytes);
        CHECK_THAT(sent.what, aiomisc::test::ends_with("[cut at 64 KiB]"));
    }
    std::string umlauts;
    while (umlauts.size() < 100'000) {
        umlauts += "\xC3\xBC";
    }
    const auto sent = encode_exception(std::make_exception_ptr(umlauts));
    CHECK(static_cast<unsigned char>(sent.what[sent.what.find(' ') - 1]) == 0xBC);
}

TEST_CASE("a nested exception arrives with what it was thrown out of", "[ipc][codec][F70]") {
    const auto error = cross([] { throw_nested(2); });
    CHECK(chain_of(error) == std::vector<std::string>{"level 2", "level 1", "level 0"});
    CHECK_THROWS_AS(std::rethrow_exception(error), std::runtime_error);
    // Once more, through another process.
    CHECK(chain_of(cross([&] { std::rethrow_exception(error); })).size() == 3);
    CHECK(chain_of(cross([] { throw_nested(20); })).size() == aiomisc::ipc::kMaxNestedExceptions);
}

TEST_CASE("a cancellation arrives as one", "[ipc][codec]") {
    const auto error = cross([] { throw CancelledError(CancelReason::kTimeout); });
    try {
        std::rethrow_exception(error);
    } catch (const CancelledError& cancelled) {
        CHECK(cancelled.reason() == CancelReason::kTimeout);
    }
}

TEST_CASE("a hostile description becomes some exception of ours", "[ipc][codec]") {
    EncodedException sent{.type = "aiomisc::CancelledError", .what = "", .code = 1000};
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), CancelledError);
    sent.type = "std::future_error";
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), std::future_error);
    sent.type = "std::regex_error";
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), std::regex_error);
    sent.type = "aiomisc::ipc::PayloadTooLarge";
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), aiomisc::ipc::PayloadTooLarge);
    sent.type = "std::filesystem::__cxx11::filesystem_error";
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), fs::filesystem_error);
    sent.type = "no such type";
    CHECK_THROWS_AS(aiomisc::ipc::rethrow(sent), RemoteError);
    sent.nested.assign(100'000, sent);
    CHECK(
        chain_of(aiomisc::ipc::to_exception_ptr(sent)).size() ==
        aiomisc::ipc::kMaxNestedExceptions);
}
