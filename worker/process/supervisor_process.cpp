// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/supervisor_process.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/poll.h>
#include <aiomisc/worker/process/process_setup.h>
#include <aiomisc/worker/process/supervisor.h>

#include <array>
#include <csignal>
#include <optional>
#include <string>
#include <typeinfo>
#include <utility>

#include <cxxabi.h>
#include <unistd.h>

namespace aiomisc::process {

namespace {

using namespace std::chrono_literals;

constexpr auto kReportBound = 1s;

// The setup; nothing when the parent is gone before it sent any.
std::optional<PoolSetup> receive_setup(ControlChannel& control, const UniqueFd& parent) {
    for (;;) {
        if (auto packet = control.try_receive()) {
            auto command = decode_supervisor_command(packet->body);
            if (auto* setup = std::get_if<PoolSetup>(&command)) {
                return std::move(*setup);
            }
            throw ProtocolError("supervisor was not set up first");
        }
        std::array entries{pollfd{control.fd(), POLLIN, 0}, pollfd{parent.get(), POLLIN, 0}};
        if (control.closed() ||
            (poll_until(entries, std::nullopt) > 0 && entries[1].revents != 0)) {
            return std::nullopt;
        }
    }
}

// A thread that was joined is still counted for a moment: it wakes the joining thread, and then
// ends.
bool only_threads(std::size_t expected) {
    const Deadline deadline = std::chrono::steady_clock::now() + 200ms;
    while (thread_count() > expected) {
        if (std::chrono::steady_clock::now() >= deadline) {
            return false;
        }
        poll_until({}, std::chrono::steady_clock::now() + 1ms);
    }
    return true;
}

std::optional<InitializerFailed> initialize(const PoolSetup& setup, const SupervisorHooks& hooks) {
    const std::size_t threads = thread_count();
    try {
        hooks.initialize(setup);
    } catch (const std::exception& error) {
        return InitializerFailed{.type = demangle(typeid(error).name()), .message = error.what()};
    } catch (const CancelledError&) {
        return InitializerFailed{.type = "aiomisc::CancelledError", .message = "cancelled"};
    } catch (...) {
        const std::type_info* type = abi::__cxa_current_exception_type();
        return InitializerFailed{
            .type = type != nullptr ? demangle(type->name()) : "unknown", .message = ""};
    }
    if (!only_threads(threads)) {
        return InitializerFailed{
            .type = "aiomisc::InvalidStateError",
            .message = "the initializer left " + std::to_string(thread_count() - threads) +
                       " threads running; workers are forked from this process, and a fork copies "
                       "only the "
                       "thread that calls it, with every lock as it is: start threads in the tasks "
                       "instead"};
    }
    return std::nullopt;
}

Ending serve(SupervisorFork fork, const SupervisorHooks& hooks) {
    ControlChannel control(std::move(fork.control));
    try {
        const int inherited_oom_score_adjust = oom_score_adjust();
        auto setup = receive_setup(control, fork.parent);
        if (!setup) {
            return {};
        }
        set_oom_score_adjust(inherited_oom_score_adjust + setup->supervisor_oom_score_adjust);
        // Nobody polls while the initializer runs.
        die_with_parent(fork.zygote);
        auto failed = initialize(*setup, hooks);
        stay_without_parent();
        if (failed) {
            control.send(encode(SupervisorEvent(std::move(*failed))));
            control.flush_until(std::chrono::steady_clock::now() + kReportBound);
            return {.status = kSupervisorInitializerFailed};
        }
        Supervisor supervisor(
            {.control = std::move(control),
             .parent = std::move(fork.parent),
             .setup = std::move(*setup),
             .child_oom_score_adjust = inherited_oom_score_adjust + setup->worker_oom_score_adjust},
            hooks);
        return supervisor.run();
    } catch (const ProtocolError&) {
        return {.status = kSupervisorProtocolError};
    }
}

}  // namespace

void run_supervisor_process(SupervisorFork fork, const SupervisorHooks& hooks) noexcept {
    // A session of its own: what is typed at the parent's terminal is for the parent alone.
    ::setsid();
    set_process_name("aiomisc-superv");
    close_descriptors_except({fork.control.get(), fork.parent.get()});
    become_subreaper();
    reset_signals();
    unblock_signals();
    skip_inherited_exit_handlers();
    const Ending ending = serve(std::move(fork), hooks);
    flush_output();
    if (ending.signal != 0) {
        ::signal(ending.signal, SIG_DFL);
        unblock_signals();
        ::raise(ending.signal);
    }
    ::_exit(ending.status);
}

}  // namespace aiomisc::process
