// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/crash_note.h>

#include <aiomisc/runtime/base/compiler.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <typeinfo>

#include <cxxabi.h>
#include <unistd.h>

#ifdef AIOMISC_ADDRESS_SANITIZER
#include <sanitizer/common_interface_defs.h>
#endif

namespace aiomisc::process {

namespace {

struct CrashSignal {
    int number;
    const char* name;
    bool has_address;  ///< of an instruction that faults again when the handler returns
};

constexpr CrashSignal kCrashSignals[] = {
    {SIGSEGV, "SIGSEGV", true},
    {SIGBUS, "SIGBUS", true},
    {SIGFPE, "SIGFPE", true},
    {SIGILL, "SIGILL", true},
    {SIGABRT, "SIGABRT", false},
    {SIGTRAP, "SIGTRAP", false},
    {SIGSYS, "SIGSYS", false},
    {SIGXCPU, "SIGXCPU", false},
};

// What the handlers find: plain statics, because a handler cannot be given anything.
struct State {
    CrashNote* note = nullptr;
    pid_t owner = 0;
    struct sigaction previous[std::size(kCrashSignals)] = {};
    std::terminate_handler previous_terminate = nullptr;
    volatile std::sig_atomic_t dying_of = 0;
};

State state;

// The worker's note; none in a child that it forked.
CrashNote* own_note() noexcept {
    return ::getpid() == state.owner ? state.note : nullptr;
}

// stdio cannot be used in a handler: its lock may be held, its state half changed. The bytes
// between two of its pointers can at least be written, which is all that is left to do for them.
void write_pending_output() noexcept {
#ifdef __GLIBC__
    const char* from = stdout->_IO_write_base;
    const char* const end = stdout->_IO_write_ptr;
    while (from != nullptr && from < end) {
        const ssize_t written =
            ::write(stdout->_fileno, from, static_cast<std::size_t>(end - from));
        if (written <= 0 && errno != EINTR) {
            return;
        }
        from += std::max<ssize_t>(written, 0);
    }
#endif
}

void describe(CrashNote& note, const CrashSignal& signal, const siginfo_t& info) noexcept {
    note.append(signal.name);
    if (info.si_code <= 0) {
        note.append(" sent by process ");
        note.append_number(static_cast<std::uint64_t>(info.si_pid));
    } else if (signal.has_address) {
        note.append(" at address ");
        note.append_number(reinterpret_cast<std::uintptr_t>(info.si_addr), 16);
    }
    note.append("\n");
}

void on_crash(int number, siginfo_t* info, void*) {
    const int saved_errno = errno;
    for (std::size_t i = 0; i < std::size(kCrashSignals); ++i) {
        const CrashSignal& signal = kCrashSignals[i];
        if (signal.number != number) {
            continue;
        }
        ::sigaction(number, &state.previous[i], nullptr);
        state.dying_of = number;
        if (CrashNote* note = own_note()) {
            describe(*note, signal, *info);
        }
        write_pending_output();
        // A fault repeats by itself, with all that a core file or a sanitizer wants to know about
        // it. Anything else is sent again; it is blocked until this handler returns.
        if (!signal.has_address || info->si_code <= 0) {
            ::raise(number);
        }
    }
    errno = saved_errno;
}

#ifdef AIOMISC_ADDRESS_SANITIZER
// The sanitizer has reported and is about to exit. What it was called for should still be seen from
// outside.
void on_sanitizer_death() {
    const int number = state.dying_of;
    if (number == 0) {
        if (CrashNote* note = own_note()) {
            note->append("sanitizer error, see stderr\n");
        }
        return;
    }
    ::signal(number, SIG_DFL);
    sigset_t set;
    ::sigemptyset(&set);
    ::sigaddset(&set, number);
    ::pthread_sigmask(SIG_UNBLOCK, &set, nullptr);
    ::raise(number);
}
#endif

void describe_terminate(CrashNote& note) {
    note.append("terminate: ");
    const std::exception_ptr error = std::current_exception();
    if (!error) {
        note.append("without an exception\n");
        return;
    }
    if (const std::type_info* type = abi::__cxa_current_exception_type()) {
        note.append(demangle(type->name()));
    }
    try {
        std::rethrow_exception(error);
    } catch (const std::exception& exception) {
        if (const char* what = exception.what()) {
            note.append(": ");
            note.append(what);
        }
    } catch (...) {  // NOLINT(bugprone-empty-catch): its type is all there is to say
    }
    note.append("\n");
}

[[noreturn]] void on_terminate() {
    if (CrashNote* note = own_note()) {
        describe_terminate(*note);
    }
    // By default this prints the exception to stderr, and aborts.
    if (state.previous_terminate != nullptr) {
        state.previous_terminate();
    }
    std::abort();
}

void use_own_signal_stack() noexcept {
    // For good, as the handlers are.
    alignas(16) static char stack[64 * 1024];
    stack_t description{};
    description.ss_sp = stack;
    description.ss_size = sizeof stack;
    ::sigaltstack(&description, nullptr);
}

}  // namespace

void CrashNote::append(std::string_view text) noexcept {
    // Each writer first reserves its room, so that two threads that die at once do not mix their
    // lines.
    const auto wanted = static_cast<std::uint32_t>(std::min(text.size(), kCapacity));
    const std::uint32_t offset = length_.fetch_add(wanted, std::memory_order_relaxed);
    if (offset < kCapacity) {
        const auto fitting = text.substr(0, std::min<std::size_t>(wanted, kCapacity - offset));
        std::copy(fitting.begin(), fitting.end(), text_.data() + offset);
    }
}

void CrashNote::append_number(std::uint64_t number, unsigned base) noexcept {
    char digits[24] = {'0', 'x'};
    char* const first = base == 16 ? digits + 2 : digits;
    const auto end =
        std::to_chars(first, digits + sizeof digits, number, static_cast<int>(base)).ptr;
    append({digits, static_cast<std::size_t>(end - digits)});
}

std::string CrashNote::text() const {
    const std::size_t length =
        std::min<std::size_t>(length_.load(std::memory_order_acquire), kCapacity);
    std::string text(text_.data(), length);
    std::erase_if(text, [](char c) { return static_cast<unsigned char>(c) < ' ' && c != '\n'; });
    while (!text.empty() && text.back() == '\n') {
        text.pop_back();
    }
    return text;
}

void install_crash_handlers(CrashNote& note) {
    state.note = &note;
    state.owner = ::getpid();
    use_own_signal_stack();
    struct sigaction action{};
    action.sa_sigaction = &on_crash;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    ::sigfillset(&action.sa_mask);
    for (const CrashSignal& signal : kCrashSignals) {
        ::sigdelset(&action.sa_mask, signal.number);
    }
    for (std::size_t i = 0; i < std::size(kCrashSignals); ++i) {
        ::sigaction(kCrashSignals[i].number, &action, &state.previous[i]);
    }
    // A worker of a pool inside a worker is forked with the handler in place.
    const std::terminate_handler previous = std::set_terminate(&on_terminate);
    if (previous != &on_terminate) {
        state.previous_terminate = previous;
    }
#ifdef AIOMISC_ADDRESS_SANITIZER
    ::__sanitizer_set_death_callback(&on_sanitizer_death);
#endif
}

}  // namespace aiomisc::process
