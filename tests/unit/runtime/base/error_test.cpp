// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/error.h>

#include "support/catch.h"

#include <cerrno>
#include <exception>
#include <stdexcept>
#include <string>

namespace {

using namespace aiomisc;

struct NoException {};

}  // namespace

TEST_CASE("a system error names the operation, the subject and the reason") {
    errno = ENOENT;
    const auto from_errno = SystemError::from_errno("open", "/no/such/file");
    CHECK(std::string(from_errno.what()) == "open /no/such/file: No such file or directory");
    CHECK(from_errno.code() == ENOENT);
    CHECK(from_errno.operation() == "open");
    CHECK(from_errno.subject() == "/no/such/file");
    const auto without_subject = SystemError::from_code(EMFILE, "duplicate descriptor");
    CHECK(std::string(without_subject.what()) == "duplicate descriptor: Too many open files");
    CHECK(SystemError::from_uv(-EPIPE, "write").code() == EPIPE);
}

TEST_CASE("a configuration error names the key and its source") {
    const ConfigError error("workers", "command line", "must be positive");
    CHECK(error.key() == "workers");
    CHECK(error.source() == "command line");
    CHECK(std::string(error.what()) == "workers (from command line): must be positive");
}

TEST_CASE("any exception can be described") {
    CHECK(describe_exception(nullptr) == "no exception");
    CHECK(
        describe_exception(std::make_exception_ptr(std::out_of_range("far"))) ==
        "std::out_of_range: far");
    CHECK(describe_exception(std::make_exception_ptr(CancelledError())) == "cancelled");
    CHECK(describe_exception(std::make_exception_ptr(42)) == "int");
    CHECK(
        describe_exception(std::make_exception_ptr(NoException())) ==
        "(anonymous namespace)::NoException");
}
