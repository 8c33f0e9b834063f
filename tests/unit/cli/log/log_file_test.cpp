// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/log_file.h>

#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_fd.h>

#include <csignal>
#include <filesystem>
#include <iostream>
#include <string>
#include <system_error>

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

using aiomisc::cli::LogFile;
using aiomisc::test::contains;
using aiomisc::test::Process;
using aiomisc::test::TempDir;

AIOMISC_TEST_HELPER(hold_log) {
    const LogFile file(arguments[0], true);
    std::cout << "locked" << std::endl;
    std::string line;
    std::getline(std::cin, line);
    return 0;
}

TEST_CASE("a second run on a log is refused and told who has it", "[cli][log][L70]") {
    const TempDir dir;
    const std::string path = (dir / "log").string();
    dir.write("log", "kept\n");
    auto holder = Process::start_helper("hold_log", {path});
    REQUIRE(holder.read_line() == "locked");
    REQUIRE_THROWS_WITH(LogFile(path, false), contains("in use by another aiomisc-run"));
    REQUIRE_THROWS_WITH(LogFile(path, false), contains("pid " + std::to_string(holder.pid())));
    REQUIRE(dir.read("log") == "kept\n");  // not emptied by the one that lost
    holder.send_signal(SIGKILL);
    holder.wait();
    REQUIRE_NOTHROW(LogFile(path, true));
}

TEST_CASE("a log that cannot be opened is named", "[cli][log][L65]") {
    REQUIRE_THROWS_WITH(LogFile("/nonexist/l", false), contains("/nonexist/l"));
}

TEST_CASE("a log planted by somebody else is refused", "[cli][log][S15]") {
    if (::geteuid() != 0) {
        return;  // only root can make a file that belongs to somebody else
    }
    const TempDir dir;
    const auto path = dir.write("log", "");
    REQUIRE(::chown(path.c_str(), 65534, 65534) == 0);
    REQUIRE_NOTHROW(LogFile(path.string(), true));
    REQUIRE(::chmod(dir.path().c_str(), 01777) == 0);
    REQUIRE_THROWS_WITH(LogFile(path.string(), true), contains("belongs to another user"));
}

TEST_CASE("a log may be a pipe", "[cli][log]") {
    const TempDir dir;
    const auto path = dir / "fifo";
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    auto reader = Process::start({"cat", path.string()});
    {
        LogFile file(path.string(), false);
        file.append("record\n");
        file.sync();
    }
    REQUIRE(reader.read_all() == "record\n");
}

TEST_CASE("only a record empties a log", "[cli][log]") {
    const TempDir dir;
    const std::string path = dir.write("log", "before\n").string();
    {
        const LogFile refused(path, false);
    }
    REQUIRE(dir.read("log") == "before\n");
    LogFile file(path, false);
    REQUIRE(file.started_empty());
    file.append("one\n");
    file.append("two\n");
    REQUIRE(dir.read("log") == "one\ntwo\n");
}

namespace {

/// A descriptor of this process that is open on `path`.
int descriptor_of(const std::string& path) {
    for (const auto& entry : std::filesystem::directory_iterator("/proc/self/fd")) {
        std::error_code gone;
        if (std::filesystem::read_symlink(entry.path(), gone) == path) {
            return std::stoi(entry.path().filename().string());
        }
    }
    return -1;
}

}  // namespace

TEST_CASE("a sync that failed unseen is told by the next one", "[cli][log]") {
    const TempDir dir;
    const std::string path = (dir / "log").string();
    LogFile file(path, false);
    file.append("record\n");
    const int fd = descriptor_of(std::filesystem::canonical(path).string());
    REQUIRE(fd >= 0);
    const aiomisc::UniqueFd saved(::fcntl(fd, F_DUPFD_CLOEXEC, 0));
    const auto due = file.take_sync();
    REQUIRE(due);
    {
        // There is no disk behind a pipe.
        int ends[2] = {-1, -1};
        REQUIRE(::pipe2(ends, O_CLOEXEC) == 0);
        const aiomisc::UniqueFd reader(ends[0]);
        const aiomisc::UniqueFd writer(ends[1]);
        REQUIRE(::dup3(writer.get(), fd, O_CLOEXEC) == fd);
    }
    REQUIRE_THROWS_AS(due(), aiomisc::SystemError);
    REQUIRE(::dup3(saved.get(), fd, O_CLOEXEC) == fd);
    REQUIRE_THROWS_AS(file.sync(), aiomisc::SystemError);
}

AIOMISC_TEST_HELPER(write_beyond_limit) {
    ::signal(SIGXFSZ, SIG_IGN);
    const rlimit limit{.rlim_cur = 10, .rlim_max = 10};
    ::setrlimit(RLIMIT_FSIZE, &limit);
    LogFile file(arguments[0], true);
    file.append("first\n");
    try {
        file.append("second\n");  // four bytes fit
    } catch (const aiomisc::SystemError& error) {
        std::cout << error.what() << std::endl;
    }
    return 0;
}

TEST_CASE("a record that does not fit is taken back and reported", "[cli][log]") {
    const TempDir dir;
    auto process = Process::start_helper("write_beyond_limit", {(dir / "log").string()});
    REQUIRE_THAT(process.read_line().value_or(""), contains("write job log"));
    REQUIRE(dir.read("log") == "first\n");
}
