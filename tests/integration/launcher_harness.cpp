// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"

#include <algorithm>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace aiomisc::test {

namespace fs = std::filesystem;

Launcher::Launcher() {
    for (const char* name : {"work", "tmp", "home"}) {
        fs::create_directory(dir_ / name);
    }
}

Process Launcher::start(const Words& words, const LaunchOptions& options) {
    std::string script = R"(cd "$0" && exec "$@" 2>../err)";
    if (options.input) {
        dir_.write("in", *options.input);
        script += " <../in";
    }
    if (options.output_to_file) {
        script += " >../out";
    }
    Words command{"/bin/sh", "-c", script, work().string(), AIOMISC_TEST_RUN};
    command.insert(command.end(), words.begin(), words.end());
    ProcessOptions process{
        .environment = {
            {"XDG_CACHE_HOME", cache().string()},
            {"TMPDIR", temporary().string()},
            {"HOME", (dir_ / "home").string()},
            {"CXX", AIOMISC_TEST_CXX},
            {"AIOMISC_RUN_OPTS", ""},
            {"TERM", "xterm"},
            {"LC_ALL", "C.UTF-8"}}};
    for (const auto& [name, value] : options.environment) {
        process.environment[name] = value;
    }
    return Process::start(std::move(command), process);
}

Outcome Launcher::run(const Words& words, const LaunchOptions& options) {
    Process process = start(words, options);
    process.close_stdin();
    Outcome outcome;
    outcome.out = process.read_all(std::chrono::seconds(60));
    outcome.status = process.wait();
    outcome.err = err();
    return outcome;
}

bool Launcher::wait_for(const std::string& name) const {
    return wait_until(
        [this, &name] { return fs::exists(work() / name); }, std::chrono::seconds(20));
}

std::vector<std::string> Launcher::files() const {
    std::vector<std::string> names;
    for (const auto& entry : fs::directory_iterator(work())) {
        names.push_back(entry.path().filename().string());
    }
    std::sort(names.begin(), names.end());
    return names;
}

std::vector<std::string> lines_of(std::string_view text) {
    std::istringstream stream{std::string(text)};
    std::vector<std::string> lines;
    for (std::string line; std::getline(stream, line);) {
        lines.push_back(line);
    }
    return lines;
}

std::vector<std::string> sorted_lines_of(std::string_view text) {
    std::vector<std::string> lines = lines_of(text);
    std::sort(lines.begin(), lines.end());
    return lines;
}

std::vector<std::vector<std::string>> rows_of(std::string_view job_log) {
    std::vector<std::vector<std::string>> rows;
    for (const std::string& line : lines_of(job_log)) {
        std::istringstream stream(line);
        std::vector<std::string>& row = rows.emplace_back();
        for (std::string field; std::getline(stream, field, '\t');) {
            row.push_back(field);
        }
    }
    if (rows.empty()) {
        throw std::runtime_error("the job log has no header");
    }
    rows.erase(rows.begin());
    std::sort(rows.begin(), rows.end(), [](const auto& left, const auto& right) {
        return std::stoi(left.at(0)) < std::stoi(right.at(0));
    });
    return rows;
}

std::uint64_t peak_memory_kib(pid_t pid) {
    std::ifstream status("/proc/" + std::to_string(pid) + "/status");
    for (std::string line; std::getline(status, line);) {
        if (line.starts_with("VmHWM:")) {
            return std::stoull(line.substr(line.find_first_of("0123456789")));
        }
    }
    throw std::runtime_error("process " + std::to_string(pid) + " is gone");
}

bool nothing_left_of(const Process& process, Milliseconds limit) {
    return wait_until([&process] { return process.survivors().empty(); }, limit);
}

std::vector<pid_t> processes_named(const Process& process, const std::string& name) {
    std::vector<pid_t> pids;
    for (const pid_t pid : process.survivors()) {
        std::ifstream comm("/proc/" + std::to_string(pid) + "/comm");
        if (std::string line; std::getline(comm, line) && line == name) {
            pids.push_back(pid);
        }
    }
    return pids;
}

std::string job_module(const std::string& name) {
    return AIOMISC_TEST_JOB_MODULES "/" + name + ".so";
}

std::string job_source(const std::string& name) {
    return AIOMISC_TEST_JOB_SOURCES "/" + name + ".cpp";
}

}  // namespace aiomisc::test
