// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/plugins.h>

#include "support/catch.h"
#include "support/helper.h"
#include "support/process.h"
#include "support/temp_dir.h"

#include <aiomisc/runtime/app/entrypoint.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <map>
#include <string>

#include <sys/stat.h>
#include <unistd.h>

using namespace aiomisc;
using namespace aiomisc::test;

namespace {

namespace fs = std::filesystem;

const fs::path kPlugins = AIOMISC_TEST_PLUGINS;

void setup_linked() {
    std::puts("setup of linked");
    if (std::getenv("AIOMISC_TEST_RECURSE") != nullptr) {  // NOLINT(concurrency-mt-unsafe)
        std::printf("meanwhile: %zu plugins\n", load_plugins().size());
    }
}

AIOMISC_PLUGIN("linked", "Comes with the program.", setup_linked);

Task<> nothing() {
    co_return;
}

struct Plain : Service {
    Task<> start() override { co_return; }
};

void print_plugins() {
    try {
        for (const auto& [name, plugin] : load_plugins()) {
            std::printf(
                "%s|%s|%s\n", name.c_str(), plugin.doc.c_str(), plugin.file.filename().c_str());
        }
    } catch (...) {
        std::printf("thrown: %s\n", describe_exception(std::current_exception()).c_str());
    }
}

/// Directories for plugins that only the test writes.
class PluginDir {
public:
    PluginDir() { ::chmod(dir_.path().c_str(), 0755); }

    /// A copy of one of ours, under a name of its own.
    fs::path add(const std::string& plugin, const std::string& name, mode_t mode = 0644) const {
        const fs::path file = path() / name;
        fs::create_directories(file.parent_path());
        fs::copy_file(kPlugins / (plugin + ".so"), file);
        ::chmod(file.c_str(), mode);
        return file;
    }

    [[nodiscard]] const fs::path& path() const { return dir_.path(); }

    [[nodiscard]] const TempDir& dir() const { return dir_; }

private:
    TempDir dir_;
};

using Environment = std::map<std::string, std::string>;

/// What a process with these variables prints and logs.
std::string run_helper_with(const std::string& helper, Environment environment) {
    environment.emplace("AIOMISC_LOG_FORMAT", "stream");
    Process process = Process::start_helper(
        helper, {}, {.environment = std::move(environment), .merge_stderr = true});
    std::string output = process.read_all();
    CHECK(process.wait() == ExitStatus{.code = 0});
    return output;
}

std::string loaded_from(const std::string& path) {
    return run_helper_with("print_plugins", {{"AIOMISC_PLUGIN_PATH", path}});
}

const std::string kLinked =
    "dependency_injection|Gives services what providers make.|\n"
    "linked|Comes with the program.|\n"
    "systemd_watchdog|Adds SystemD watchdog support to the entrypoint.|\n";

}  // namespace

AIOMISC_TEST_HELPER(print_plugins) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    log::basic_config({.buffered = false});
    print_plugins();
    return 0;
}

AIOMISC_TEST_HELPER(print_plugins_twice) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    log::basic_config({.buffered = false});
    print_plugins();
    std::puts("again");
    print_plugins();
    return 0;
}

AIOMISC_TEST_HELPER(run_entrypoints) {
    std::setvbuf(stdout, nullptr, _IONBF, 0);
    for (int round = 0; round < 2; ++round) {
        EntrypointOptions options;
        options.log_config = false;
        load_plugins();
        Entrypoint entrypoint(options, std::make_shared<Plain>(), std::make_shared<Plain>());
        entrypoint.run_until_complete(nothing());
    }
    return 0;
}

TEST_CASE("plugins of the library and of the program are loaded", "[PG-01][PG-04]") {
    CHECK(loaded_from("") == "setup of linked\n" + kLinked);
}

TEST_CASE("plugins are loaded from the directories of the path", "[PG-01]") {
    const PluginDir dir;
    dir.add("greeting", "greeting.so");
    dir.dir().write("greeting.txt", "nothing to load");
    CHECK(
        loaded_from(dir.path().string()) ==
        "setup of linked\nsetup of greeting\n"
        "dependency_injection|Gives services what providers make.|\n"
        "greeting|Greets services.|greeting.so\n"
        "linked|Comes with the program.|\n"
        "systemd_watchdog|Adds SystemD watchdog support to the entrypoint.|\n");
}

TEST_CASE("a plugin reaches the entrypoints of the program", "[PG-01][EP-28]") {
    const PluginDir dir;
    dir.add("greeting", "greeting.so");
    CHECK(
        run_helper_with("run_entrypoints", {{"AIOMISC_PLUGIN_PATH", dir.path().string()}}) ==
        "setup of linked\nsetup of greeting\ngreeting: 2 services\ngreeting: 2 services\n");
}

TEST_CASE("plugins are loaded once", "[PG-01]") {
    const PluginDir dir;
    dir.add("greeting", "greeting.so");
    const std::string output =
        run_helper_with("print_plugins_twice", {{"AIOMISC_PLUGIN_PATH", dir.path().string()}});
    CHECK_THAT(output, starts_with("setup of linked\nsetup of greeting\ndependency_injection|"));
    CHECK_THAT(output, contains("again\ndependency_injection|"));
    CHECK(output.find("setup of greeting") == output.rfind("setup of greeting"));
}

TEST_CASE("AIOMISC_NO_PLUGINS turns all plugins off", "[PG-02]") {
    const PluginDir dir;
    dir.add("greeting", "greeting.so");
    const std::string path = dir.path().string();
    for (const char* value : {"1", "0", "no"}) {
        CHECK(
            run_helper_with(
                "print_plugins", {{"AIOMISC_PLUGIN_PATH", path}, {"AIOMISC_NO_PLUGINS", value}}) ==
            "");
    }
    CHECK_THAT(
        run_helper_with(
            "print_plugins", {{"AIOMISC_PLUGIN_PATH", path}, {"AIOMISC_NO_PLUGINS", ""}}),
        contains("greeting|"));
}

TEST_CASE("a file that cannot be loaded is logged and left out", "[PG-01]") {
    const PluginDir dir;
    dir.dir().write("a_broken.so", "no ELF at all");
    dir.dir().write("b_empty.so", "");
    dir.add("stranger", "c_stranger.so");
    dir.add("nameless", "d_nameless.so");
    dir.add("unresolved", "e_unresolved.so");
    dir.add("old_abi", "f_old_abi.so");
    dir.add("greeting", "g_greeting.so");
    fs::create_directory(dir.path() / "h_directory.so");
    fs::create_symlink("nowhere", dir.path() / "i_dangling.so");
    REQUIRE(::mkfifo((dir.path() / "j_fifo.so").c_str(), 0644) == 0);
    const std::string output = loaded_from(dir.path().string());
    const std::string path = dir.path().string();
    CHECK_THAT(output, contains("ERROR:aiomisc:plugin " + path + "/a_broken.so: "));
    CHECK_THAT(output, contains("ERROR:aiomisc:plugin " + path + "/b_empty.so: "));
    CHECK_THAT(
        output, contains("c_stranger.so is no plugin: it does not export aiomisc_plugin_abi"));
    CHECK_THAT(
        output, contains("d_nameless.so is no plugin: it does not export aiomisc_plugin_name"));
    CHECK_THAT(output, contains("e_unresolved.so: undefined symbol: nobody_defines_this"));
    CHECK_THAT(
        output,
        contains(
            "f_old_abi.so was built for plugin interface 0, this program has 1: build it again"));
    CHECK_THAT(output, contains("h_directory.so: it is no regular file"));
    CHECK_THAT(output, contains("i_dangling.so: No such file"));
    CHECK_THAT(output, contains("j_fifo.so: it is no regular file"));
    CHECK_THAT(output, contains("greeting|Greets services.|g_greeting.so\n"));
    CHECK(output.find("its ") == std::string::npos);
}

TEST_CASE("a setup that fails is logged and fails the program, again and again", "[PG-01]") {
    const PluginDir dir;
    dir.add("thrower", "a.so");
    dir.add("greeting", "b.so");
    const std::string output =
        run_helper_with("print_plugins_twice", {{"AIOMISC_PLUGIN_PATH", dir.path().string()}});
    CHECK(
        output ==
        "setup of linked\nsetup of thrower\n"
        "ERROR:aiomisc:setup of plugin thrower failed: std::runtime_error: no license\n"
        "thrown: std::runtime_error: no license\n"
        "again\n"
        "thrown: std::runtime_error: no license\n");
}

TEST_CASE("of two plugins with one name the first is taken", "[PG-01]") {
    const PluginDir dir;
    dir.add("greeting", "one/b.so");
    dir.add("greeting", "two/a.so");
    const std::string path = dir.path().string();
    const std::string output = loaded_from(path + "/one:" + path + "/two");
    CHECK_THAT(output, contains("greeting|Greets services.|b.so\n"));
    CHECK_THAT(
        output, contains("WARNING:aiomisc:plugin greeting of " + path + "/two/a.so is left out"));
    CHECK_THAT(
        loaded_from(path + "/two:" + path + "/one"), contains("greeting|Greets services.|a.so\n"));
}

TEST_CASE("files of a directory are loaded by name", "[PG-01]") {
    const PluginDir dir;
    dir.add("greeting", "z.so");
    dir.add("greeting", "m.so");
    dir.add("greeting", "b.so");
    CHECK_THAT(loaded_from(dir.path().string()), contains("greeting|Greets services.|b.so\n"));
}

TEST_CASE("what others can write is not loaded", "[PG-01][S16]") {
    const PluginDir dir;
    dir.add("greeting", "all/greeting.so", 0666);
    dir.add("greeting", "open/greeting.so");
    ::chmod((dir.path() / "open").c_str(), 0777);
    fs::create_directory(dir.path() / "links");
    fs::create_symlink(dir.path() / "open" / "greeting.so", dir.path() / "links" / "to_open.so");
    for (const char* name : {"all", "open", "links"}) {
        INFO(name);
        const std::string output = loaded_from((dir.path() / name).string());
        CHECK_THAT(output, contains("others can write it; run chmod go-w on it"));
        CHECK_THAT(output, contains("\n" + kLinked));
        CHECK(output.find("greeting|") == std::string::npos);
    }
    fs::create_symlink(dir.add("greeting", "fine/greeting.so"), dir.path() / "links" / "fine.so");
    CHECK_THAT(
        loaded_from((dir.path() / "links").string()),
        contains("greeting|Greets services.|fine.so\n"));
}

TEST_CASE("what belongs to another user is not loaded", "[PG-01][S16]") {
    // Only root may give a file away.
    const PluginDir dir;
    const fs::path file = dir.add("greeting", "greeting.so");
    constexpr uid_t kNobody = 65534;
    if (::chown(file.c_str(), kNobody, ::getegid()) != 0) {
        REQUIRE(::geteuid() != 0);
        return;
    }
    const std::string output = loaded_from(dir.path().string());
    CHECK_THAT(output, contains("greeting.so: it belongs to another user"));
    CHECK(output.find("greeting|") == std::string::npos);
}

TEST_CASE("entries of the path that make no sense are logged", "[PG-01]") {
    const PluginDir dir;
    dir.add("greeting", "greeting.so");
    const std::string path = dir.path().string();
    const std::string output = loaded_from("relative::" + path + "/absent:" + path);
    CHECK_THAT(
        output, contains("WARNING:aiomisc:AIOMISC_PLUGIN_PATH: relative is not an absolute path"));
    CHECK_THAT(output, contains("ERROR:aiomisc:plugins of " + path + "/absent: "));
    CHECK_THAT(output, contains("greeting|"));
}

TEST_CASE("a setup may ask for the plugins itself", "[PG-01]") {
    CHECK(
        run_helper_with("print_plugins", {{"AIOMISC_TEST_RECURSE", "1"}}) ==
        "setup of linked\nmeanwhile: 1 plugins\n" + kLinked);
}
