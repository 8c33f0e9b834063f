// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/descendants.h>

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/worker/process/pidfd.h>

#include <charconv>
#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

std::optional<std::string> read_file(const std::string& path) {
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    if (!file) {
        return std::nullopt;
    }
    std::string content;
    char buffer[4096];
    ssize_t size = 0;
    while ((size = ::read(file.get(), buffer, sizeof buffer)) > 0) {
        content.append(buffer, static_cast<std::size_t>(size));
    }
    return size == 0 ? std::optional(std::move(content)) : std::nullopt;
}

// The entries of a directory that are numbers: processes of /proc, threads of a process.
std::optional<std::vector<pid_t>> numbers_in(const std::string& path) {
    const std::unique_ptr<DIR, int (*)(DIR*)> directory(::opendir(path.c_str()), &::closedir);
    if (!directory) {
        return std::nullopt;
    }
    std::vector<pid_t> numbers;
    while (const dirent* entry =
               ::readdir(directory.get())) {  // NOLINT(concurrency-mt-unsafe): own stream
        const std::string_view name(entry->d_name);
        pid_t number = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), number);
        if (error == std::errc() && end == name.data() + name.size()) {
            numbers.push_back(number);
        }
    }
    return numbers;
}

std::optional<pid_t> parent_of(pid_t pid) {
    const auto stat = read_file("/proc/" + std::to_string(pid) + "/stat");
    // "pid (name) state parent …", and the name may contain anything.
    const std::size_t name_end = stat ? stat->rfind(") ") : std::string::npos;
    if (name_end == std::string::npos || name_end + 4 >= stat->size()) {
        return std::nullopt;
    }
    pid_t parent = 0;
    std::from_chars(stat->data() + name_end + 4, stat->data() + stat->size(), parent);
    return parent;
}

void append_numbers(std::vector<pid_t>& numbers, std::string_view list) {
    const char* next = list.data();
    const char* const end = next + list.size();
    for (pid_t number = 0; next < end; ++next) {  // over the space
        const auto [stop, error] = std::from_chars(next, end, number);
        if (error != std::errc()) {
            return;
        }
        numbers.push_back(number);
        next = stop;
    }
}

// For kernels built without the lists of children.
std::optional<std::vector<pid_t>> scan_for_children(pid_t pid) {
    auto all = numbers_in("/proc");
    if (!all || !parent_of(::getpid())) {
        return std::nullopt;
    }
    std::erase_if(*all, [&](pid_t other) { return parent_of(other) != pid; });
    return all;
}

// Whether the process that the descriptor holds is still running, and so still owns its id.
bool still_runs(const UniqueFd& pidfd) {
    pollfd entry{pidfd.get(), POLLIN, 0};
    return ::poll(&entry, 1, 0) == 0;
}

}  // namespace

std::optional<std::vector<pid_t>> children_of(pid_t pid) {
    const std::string tasks = "/proc/" + std::to_string(pid) + "/task";
    const auto threads = numbers_in(tasks);
    if (!threads) {
        return std::nullopt;
    }
    std::vector<pid_t> children;
    for (const pid_t thread : *threads) {
        const std::string task = tasks + "/" + std::to_string(thread);
        if (const auto list = read_file(task + "/children")) {
            append_numbers(children, *list);
        } else if (::access(task.c_str(), F_OK) == 0) {
            return scan_for_children(pid);
        }  // else the thread has ended meanwhile
    }
    return children;
}

std::optional<std::vector<pid_t>> own_children() {
    const auto list = read_file("/proc/thread-self/children");
    if (!list) {
        return scan_for_children(::getpid());
    }
    std::vector<pid_t> children;
    append_numbers(children, *list);
    return children;
}

bool has_children() noexcept {
    siginfo_t info{};
    return ::waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) == 0;
}

std::optional<std::size_t> kill_unknown_children(UniqueFunction<bool(pid_t)> is_known) {
    const auto children = own_children();
    if (!children) {
        return std::nullopt;
    }
    std::size_t unknown = 0;
    for (const pid_t child : *children) {
        if (!is_known(child)) {
            ::kill(child, SIGKILL);
            ++unknown;
        }
    }
    return unknown;
}

void signal_tree(pid_t root, int signal) {
    struct Node {
        pid_t pid;
        UniqueFd pidfd;
    };

    // All are found before any is signalled: the children of one that dies of it are no longer
    // below it.
    std::vector<Node> found;
    std::unordered_set<pid_t> seen{root};
    found.push_back({root, open_pidfd(root)});
    for (std::size_t next = 0; next < found.size(); ++next) {
        const pid_t parent = found[next].pid;
        const auto children = children_of(parent);
        for (const pid_t child : children.value_or(std::vector<pid_t>())) {
            if (!seen.insert(child).second) {
                continue;
            }
            UniqueFd pidfd = open_pidfd(child);
            // In this order: the child's id is held, its parent is as found, and the parent's id is
            // its own.
            if (pidfd && parent_of(child) == parent && still_runs(found[next].pidfd)) {
                found.push_back({child, std::move(pidfd)});
            }
        }
    }
    ::kill(root, signal);
    for (std::size_t next = 1; next < found.size(); ++next) {
        send_signal(found[next].pidfd, signal);
    }
}

}  // namespace aiomisc::process
