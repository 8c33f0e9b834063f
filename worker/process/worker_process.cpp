// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/worker_process.h>

#include <aiomisc/worker/process/limits.h>
#include <aiomisc/worker/process/process_setup.h>

#include <array>
#include <csignal>
#include <cstdio>
#include <exception>
#include <utility>

#include <unistd.h>

namespace aiomisc::process {

namespace {

void interrupt_only(int) {}

void let_interrupt_break_calls() noexcept {
    struct sigaction action{};
    action.sa_handler =
        &interrupt_only;  // without SA_RESTART: the call it interrupts fails with EINTR
    ::sigaction(SIGUSR2, &action, nullptr);
}

[[noreturn]] void give_up(WorkerPage* page, const std::exception& error) noexcept {
    if (page != nullptr) {
        page->crash_note().append("worker setup: ");
        page->crash_note().append(error.what());
    }
    ::_exit(kWorkerSetupFailed);
}

WorkerPage map_page(UniqueFd file) noexcept {
    try {
        return WorkerPage::map(file);
    } catch (const std::exception& error) {
        give_up(nullptr, error);
    }
}

}  // namespace

void run_worker_process(WorkerFork fork, const SupervisorHooks& hooks) noexcept {
    die_with_parent(fork.supervisor);
    set_process_name("aiomisc-worker");
    reset_signals();
    redirect(fork.out, STDOUT_FILENO);
    redirect(fork.err, STDERR_FILENO);
    WorkerPage page = map_page(std::move(fork.page));
    close_descriptors_except({fork.channel.get()});
    become_subreaper();
    install_crash_handlers(page.crash_note());
    let_interrupt_break_calls();
    unblock_signals();
    set_oom_score_adjust(fork.oom_score_adjust);
    be_nice(fork.setup->nice);
    try {
        apply_limits(fork.setup->limits);
    } catch (const std::exception& error) {
        give_up(&page, error);
    }
    // Line by line, so that the lines of several workers on one terminal or file stay whole. With a
    // buffer of its own: glibc goes on as before with one that is in use already.
    static std::array<char, BUFSIZ> line;
    std::setvbuf(stdout, line.data(), _IOLBF, line.size());
    skip_inherited_exit_handlers();
    const int status = hooks.run_worker(
        {.key = fork.key, .channel = std::move(fork.channel), .page = page, .setup = *fork.setup});
    flush_output();
    ::_exit(status);
}

}  // namespace aiomisc::process
