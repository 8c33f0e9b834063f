// SPDX-License-Identifier: MIT
// The code of worker/service/README.md, between pairs of marks; scripts/check-readme compares them.

#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"

#include <aiomisc/aiomisc.h>

#include <csignal>
#include <cstdio>
#include <memory>
#include <string>
#include <utility>

#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

// [indexer]
struct Indexer : ProcessService {
    explicit Indexer(std::string folder_to_index) : folder(std::move(folder_to_index)) {}

    void in_process() override {  // plain, blocking, in the other process
        std::printf("indexing %s\n", folder.c_str());
        ::pause();
    }

    std::string folder;
};

int run_indexer() {
    return serve({}, {std::make_shared<Indexer>("/var/spool")});
}

// [indexer]

// [thumbnails]
struct ThumbnailSettings {
    std::string folder;
    int edge = 128;
};

struct Thumbnails : ProcessServiceWith<Thumbnails, ThumbnailSettings> {
    using ProcessServiceWith::ProcessServiceWith;

    void in_process() override {
        std::printf("%s, %d pixels\n", settings().folder.c_str(), settings().edge);
        ::pause();
    }
};

Task<> add_thumbnails(Entrypoint& entrypoint) {
    co_await entrypoint.start_services(
        std::make_shared<Thumbnails>(ThumbnailSettings{.folder = "/photos"}));
}

// [thumbnails]

// [executor]
int square(int x) {
    return x * x;
}

Task<> use_an_executor() {
    ProcessPoolExecutor executor({.max_workers = 2});
    const int result = co_await executor.submit<square>(7);
    std::printf("%d\n", result);
    co_await executor.shutdown();
}

// [executor]

int run_thumbnails() {
    Entrypoint entrypoint{EntrypointOptions{}};
    entrypoint.run_until_complete([](Entrypoint& running) -> Task<> {
        co_await add_thumbnails(running);
        co_await running.closing();
    }(entrypoint));
    return 0;
}

}  // namespace

AIOMISC_TEST_HELPER(run_indexer) {
    return run_indexer();
}

AIOMISC_TEST_HELPER(run_thumbnails) {
    return run_thumbnails();
}

AIOMISC_TEST_HELPER(use_an_executor) {
    return run(use_an_executor());
}

TEST_CASE("the chapter's ProcessService runs until the program is told to end", "[PR-01]") {
    Process program = Process::start_helper("run_indexer");
    CHECK(program.read_line() == "indexing /var/spool");
    program.send_signal(SIGTERM);
    CHECK(program.wait() == ExitStatus{0, 0});
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}

TEST_CASE("the chapter's later service gets its settings", "[PR-01]") {
    Process program = Process::start_helper("run_thumbnails");
    CHECK(program.read_line() == "/photos, 128 pixels");
    program.send_signal(SIGTERM);
    program.wait();
    CHECK(test::wait_until([&] { return program.survivors().empty(); }, 1s));
}

TEST_CASE("the chapter's executor squares", "[PP-01]") {
    Process program = Process::start_helper("use_an_executor");
    CHECK(program.read_all() == "49\n");
    CHECK(program.wait() == ExitStatus{0, 0});
}
