// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/supervisor_link.h>
#include <aiomisc/worker/process/worker_page.h>
#include <aiomisc/worker/process/zygote.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <sys/types.h>

// Real zygotes, supervisors and workers for tests, with hooks that do what the test says.
//
// A scripted worker reads one letter at a time from its channel and obeys; `.` in the table is its
// answer:
//
//     p . ping                    e N  exit(N)               v  dereference a wild pointer
//     w i block until interrupted E N  _exit(N)              o  overflow the stack
//     d . start a daemon          q N  quick_exit(N)         a  abort()
//     s   sleep for ever          x    execute /bin/true     t  throw out of the hook
//     i . ignore SIGTERM          S    stop itself           k  printf() without newline, then 'v'
//     f N number of descriptors   c    close all             P  end the main thread
//
// The initializer goes by the name of the setup, see initialize() in the source.
namespace aiomisc::test {

/// Process ids of all scripted processes, written by themselves into memory that they share with
/// the test.
class PidBoard {
public:
    /// Adds the calling process. Affinity: any process.
    static void sign() noexcept;

    /// Forgets all, for the next test.
    static void clear() noexcept;

    [[nodiscard]] static std::vector<pid_t> pids();

    /// Those that still exist, zombies included unless it is for init to reap them.
    [[nodiscard]] static std::vector<pid_t> remaining();

    /// Waits until at least this many have signed.
    [[nodiscard]] static bool wait_for(std::size_t count);

    /// Waits until none is left: the second that the promises allow.
    [[nodiscard]] static bool all_gone();
};

/// Hooks whose workers and initializers follow the script.
const process::SupervisorHooks& scripted_hooks();

/// A point of time that is reached only if something hangs.
process::Deadline soon();

/// The parent's side of a scripted worker.
struct ScriptedWorker {
    process::ChildKey key;
    UniqueFd channel;
    process::WorkerPage page;

    void tell(std::string_view orders) const;

    /// The next answer; nothing when the channel has ended.
    [[nodiscard]] std::optional<char> answer() const;

    /// tell() one letter, and return its answer.
    [[nodiscard]] std::optional<char> ask(char order) const;
};

/// A supervisor and what its events say.
class ScriptedPool {
public:
    explicit ScriptedPool(process::Zygote& zygote, process::PoolSetup setup = {});

    process::SupervisorLink link;

    /// The next event, which must be of this type; warnings are kept aside unless asked for.
    /// Errors: std::runtime_error (another one, none in time, end).
    template <typename Event>
    Event expect() {
        process::SupervisorEvent event = next<Event>();
        if (auto* wanted = std::get_if<Event>(&event)) {
            return std::move(*wanted);
        }
        fail(event);
    }

    /// Starts a worker and waits until it answers.
    ScriptedWorker spawn(std::uint32_t id = 1, std::uint32_t generation = 1);

    /// Orders a worker, without waiting.
    ScriptedWorker order(
        std::uint32_t id,
        std::uint32_t generation,
        std::vector<UniqueFd> extra = {},
        bool has_stdout = false,
        bool has_stderr = false);

    /// Ends all in order, and returns the wait status of the supervisor.
    int shut_down(std::chrono::milliseconds grace = std::chrono::seconds(10));

    std::vector<std::string> warnings;

private:
    template <typename Event>
    process::SupervisorEvent next() {
        return next_event(std::is_same_v<Event, process::Warning>);
    }

    process::SupervisorEvent next_event(bool want_warnings);
    [[noreturn]] static void fail(const process::SupervisorEvent& event);
};

/// How many descriptors a process has open.
std::size_t descriptor_count(pid_t pid);

/// Runs `body` in a forked process, which exits 0 when it returns, 1 when it throws. Returns its
/// process id.
pid_t fork_process(const std::function<void()>& body);

/// Waits for a child of the test; its wait status.
int wait_for_child(pid_t pid);

}  // namespace aiomisc::test
