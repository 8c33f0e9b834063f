// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/tree_memory.h>

#include "support/catch.h"
#include "support/process.h"

#include <string>

using namespace aiomisc::cli;
using aiomisc::test::Process;

namespace {

constexpr std::uint64_t kMebibyte = std::uint64_t{1} << 20;

}  // namespace

TEST_CASE("memory of a process and its descendants adds up", "[cli][run]") {
    // tail(1) keeps a line without an end; here twice, each below a shell.
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "for n in 1 2; do (head -c 100M /dev/zero; echo full >&3; sleep 300) | tail >/dev/null & "
         "done 3>&1; wait"});
    REQUIRE(process.read_line() == "full");
    REQUIRE(process.read_line() == "full");
    REQUIRE(aiomisc::test::wait_until(
        [&] { return tree_exceeds(process.pid(), 180 * kMebibyte); }, std::chrono::seconds(10)));
    REQUIRE_FALSE(tree_exceeds(process.pid(), 1024 * kMebibyte));
    process.kill_tree();
}

TEST_CASE("memory that processes share counts once", "[cli][run]") {
    // Four shells that hold one string of 64 MiB: the children have it of their parent.
    Process process = Process::start(
        {"/bin/sh",
         "-c",
         "x=$(head -c 64M /dev/zero | tr '\\0' x); "
         "for n in 1 2 3; do (echo ready; while :; do sleep 300; done) & done; wait"});
    for (int child = 0; child < 3; ++child) {
        REQUIRE(process.read_line(std::chrono::seconds(30)) == "ready");
    }
    REQUIRE(tree_exceeds(process.pid(), 32 * kMebibyte));
    REQUIRE_FALSE(tree_exceeds(process.pid(), 224 * kMebibyte));
    process.kill_tree();
}

TEST_CASE("a process that is gone holds nothing", "[cli][run]") {
    Process process = Process::start({"/bin/true"});
    process.wait();
    REQUIRE_FALSE(tree_exceeds(process.pid(), 0));
}
