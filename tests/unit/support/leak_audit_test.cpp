// SPDX-License-Identifier: MIT
#include "support/leak_audit.h"

#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/unique_fd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <future>
#include <string>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace leak_audit = aiomisc::test::leak_audit;
using aiomisc::UniqueFd;
using aiomisc::test::contains;
using aiomisc::test::ExitStatus;
using aiomisc::test::Process;

namespace {

UniqueFd open_null() {
    return UniqueFd(::open("/dev/null", O_RDONLY | O_CLOEXEC));
}

}  // namespace

TEST_CASE("a descriptor left open is reported with what it is", "[support]") {
    const auto before = leak_audit::take_snapshot();
    const UniqueFd leaked = open_null();
    const auto lines = leak_audit::differences(before, leak_audit::take_snapshot());
    REQUIRE(lines.size() == 1);
    CHECK(lines[0] == "descriptor " + std::to_string(leaked.get()) + ": /dev/null");
}

TEST_CASE("a descriptor that was closed or replaced is reported", "[support]") {
    UniqueFd kept = open_null();
    const auto before = leak_audit::take_snapshot();
    const std::string name = "descriptor " + std::to_string(kept.get());

    const UniqueFd other(::open("/dev/zero", O_RDONLY | O_CLOEXEC));
    REQUIRE(::dup3(other.get(), kept.get(), O_CLOEXEC) == kept.get());
    auto lines = leak_audit::differences(before, leak_audit::take_snapshot());
    CHECK(std::count(lines.begin(), lines.end(), name + ": /dev/zero, was /dev/null") == 1);

    kept.reset();
    lines = leak_audit::differences(before, leak_audit::take_snapshot());
    CHECK(std::count(lines.begin(), lines.end(), name + ": closed, was /dev/null") == 1);
}

TEST_CASE("a running child and an unreaped one are both reported", "[support]") {
    const auto before = leak_audit::take_snapshot();
    Process child = Process::start({"sleep", "300"});
    child.close_stdin();
    const auto reported = [&] {
        const auto lines = leak_audit::differences(before, leak_audit::take_snapshot());
        return std::any_of(lines.begin(), lines.end(), [&](const std::string& line) {
            return line.starts_with("child process " + std::to_string(child.pid()) + ": ");
        });
    };
    CHECK(reported());
    child.send_signal(SIGKILL);
    CHECK(reported());  // dead or dying: a zombie until wait()
    CHECK(child.wait() == ExitStatus{.code = -1, .signal = SIGKILL});
    CHECK_FALSE(reported());
}

TEST_CASE("a thread left running is reported", "[support]") {
    const auto before = leak_audit::take_snapshot();
    std::promise<void> end;
    std::thread thread([&] { end.get_future().wait(); });
    const auto lines = leak_audit::differences(before, leak_audit::take_snapshot());
    end.set_value();
    thread.join();
    REQUIRE(lines.size() == 1);
    CHECK_THAT(lines[0], aiomisc::test::starts_with("thread "));
    CHECK(leak_audit::leaks_since(before).empty());
}

TEST_CASE("what was allowed may stay", "[support]") {
    const auto before = leak_audit::take_snapshot();
    const UniqueFd kept = open_null();
    leak_audit::allow_descriptor(kept.get());
    CHECK(leak_audit::differences(before, leak_audit::take_snapshot()).empty());
}

TEST_CASE("what a case declares as its new baseline may stay", "[support]") {
    static const UniqueFd kept = open_null();
    leak_audit::rebase();
    CHECK(kept);
}

// The case below leaks on purpose: it is hidden from ordinary runs and started by the one after it.
TEST_CASE("leaks a descriptor", "[.leaky]") {
    CHECK(open_null().release() >= 0);
}

TEST_CASE("a case that leaks fails its executable and is named", "[support]") {
    Process run = Process::start(
        {std::filesystem::read_symlink("/proc/self/exe"), "leaks a descriptor"},
        {.environment = {}, .merge_stderr = true});
    const std::string output = run.read_all();
    CHECK_THAT(output, contains("All tests passed"));
    CHECK_THAT(output, contains("leak audit: \"leaks a descriptor\" left behind"));
    CHECK_THAT(output, contains(": /dev/null"));
    CHECK(run.wait() == ExitStatus{.code = 1, .signal = 0});
}
