// SPDX-License-Identifier: MIT

// Calls of functions in modules that were loaded after the zygote was forked.

#include "integration/pool_calls.h"
#include "integration/pool_harness.h"
#include "support/temp_dir.h"

#include <csignal>
#include <filesystem>
#include <optional>

#include <dlfcn.h>

using namespace aiomisc;
using namespace aiomisc::test;
using namespace std::chrono_literals;

namespace {

const std::filesystem::path kModules = AIOMISC_TEST_MODULES;

/// A module in a place of the test's own. Never unloaded: its functions stay registered.
class LoadedModule {
public:
    explicit LoadedModule(const std::string& name) : path_(folder_ / "module.so") {
        std::filesystem::copy_file(kModules / name, path_);
        handle_ = ::dlopen(path_.c_str(), RTLD_NOW | RTLD_LOCAL);
        if (handle_ == nullptr) {
            throw std::runtime_error(::dlerror());  // NOLINT(concurrency-mt-unsafe): one thread
        }
    }

    TaskHandle<int> call(WorkerPool& pool, int question) const {
        TaskHandle<int> answering;
        function<void(WorkerPool&, int, TaskHandle<int>&)>("start_call")(pool, question, answering);
        return answering;
    }

    MapStream<int> map(WorkerPool& pool, int count) const {
        std::optional<MapStream<int>> answers;
        function<void(WorkerPool&, int, std::optional<MapStream<int>>&)>("start_map")(
            pool, count, answers);
        return std::move(*answers);
    }

    WorkerPoolOptions initialize(WorkerPoolOptions options, int with) const {
        function<void(WorkerPoolOptions&, int)>("initialize_here")(options, with);
        return options;
    }

    TaskHandle<int> prepared(WorkerPool& pool) const {
        TaskHandle<int> answering;
        function<void(WorkerPool&, TaskHandle<int>&)>("ask_for_prepared")(pool, answering);
        return answering;
    }

    /// As a build does: another file takes the name, the loaded one stays as it is.
    void replace_by(const std::string& name) const {
        std::filesystem::copy_file(kModules / name, folder_ / "next.so");
        std::filesystem::rename(folder_ / "next.so", path_);
    }

    void remove() const { std::filesystem::remove(path_); }

private:
    template <typename Signature>
    Signature* function(const char* name) const {
        return reinterpret_cast<Signature*>(::dlsym(handle_, name));
    }

    TempDir folder_;
    std::filesystem::path path_;
    void* handle_;
};

Task<std::optional<int>> next_of(MapStream<int>& answers) {
    co_return co_await answers.next();
}

}  // namespace

POOL_TEST_CASE("a function of a module is called, by workers old and new", "[WP-07]") {
    WorkerPool pool(pool_options(2));
    co_await pool.start();
    const LoadedModule module("pool_module.so");
    CHECK_AWAIT(module.call(pool, 2), awaited == 84);
    for (const pid_t pid : pool.pids()) {
        ::kill(pid, SIGKILL);
    }
    CHECK_AWAIT(eventually([&] { return pool.statistics().exited == 2; }), awaited);
    for (int question = 0; question < 10; ++question) {
        CHECK_AWAIT(module.call(pool, question), awaited == question * 42);
    }
    auto answers = module.map(pool, 100);
    for (int question = 0; question < 100; ++question) {
        CHECK_AWAIT(answers.next(), awaited == question * 42);
    }
    co_await pool.close();
}

POOL_TEST_CASE("a module that is no longer the one the program loaded is refused", "[WP-07]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const auto before = pool.pids();
    const LoadedModule module("pool_module.so");
    module.replace_by("pool_module_rebuilt.so");
    const auto error = co_await error_of<ProtocolError>(module.call(pool, 2));
    CHECK_THAT(error.what(), contains("build id differs"));
    CHECK_THAT(error.what(), contains("module.so"));
    auto answers = module.map(pool, 3);
    CHECK_AWAIT_THAT(settle(next_of(answers)), text_of(awaited), contains("build id differs"));
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    CHECK(pool.pids() == before);
    co_await pool.close();
}

POOL_TEST_CASE("a module that cannot be loaded any more fails its calls with that", "[WP-07]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const LoadedModule module("pool_module.so");
    module.remove();
    CHECK_AWAIT_THAT(
        error_of<ProtocolError>(module.call(pool, 2)), awaited.what(), contains("module.so"));
    CHECK_AWAIT(pool.create_task<&calls::square>(3), awaited == 9);
    co_await pool.close();
}

POOL_TEST_CASE("two builds of a module may be loaded at once", "[WP-07]") {
    WorkerPool pool(pool_options(1));
    co_await pool.start();
    const LoadedModule one("pool_module.so");
    const LoadedModule other("pool_module_rebuilt.so");
    CHECK_AWAIT(one.call(pool, 1), awaited == 42);
    CHECK_AWAIT(other.call(pool, 1), awaited == 43);
    CHECK_AWAIT(one.call(pool, 2), awaited == 84);
    co_await pool.close();
}

POOL_TEST_CASE("an initializer may be in a module", "[WP-03]") {
    const LoadedModule module("pool_module.so");
    WorkerPool pool(module.initialize(pool_options(2), 3));
    co_await pool.start();
    for (int count = 0; count < 4; ++count) {
        CHECK_AWAIT(module.prepared(pool), awaited == 3 * 42);
    }
    co_await pool.close();
}

POOL_TEST_CASE("an initializer in a module that was built anew is refused by start()", "[WP-04]") {
    const LoadedModule module("pool_module.so");
    module.replace_by("pool_module_rebuilt.so");
    WorkerPool pool(module.initialize(pool_options(1), 3));
    const auto outcome = co_await settle(pool.start());
    CHECK_THAT(text_of(outcome), contains("build id differs"));
    co_await pool.close();
}
