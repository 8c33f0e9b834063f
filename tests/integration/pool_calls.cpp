// SPDX-License-Identifier: MIT
#include "integration/pool_calls.h"

#include "integration/pool_harness.h"

#include <aiomisc/worker/call/this_task.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <ctime>
#include <stdexcept>
#include <thread>

#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::test::calls {

using namespace std::chrono_literals;

int square(int x) {
    return x * x;
}

pid_t process_id() {
    return ::getpid();
}

std::vector<std::uint8_t> echo(std::vector<std::uint8_t> bytes) {
    return bytes;
}

std::uint32_t mark(std::uint32_t number) {
    ++board().marks[number];
    return number;
}

std::size_t sign_and_wait(std::size_t gate) {
    board().sign();
    wait_at_gate(gate);
    return gate;
}

void sleep_until_cancelled() {
    board().sign();
    this_task::sleep_for(300s);
}

void sleep_for_ever() {
    board().sign();
    for (;;) {
        ::pause();
    }
}

void spin_for_ever() {
    board().sign();
    for (volatile unsigned turns = 0;;) {
        turns = turns + 1;
    }
}

void start_daemon() {
    std::atomic<std::int64_t>& started = board().counters[15];
    const std::int64_t before = started;
    const pid_t child = ::fork();
    if (child == 0) {
        ::setsid();
        if (::fork() == 0) {
            board().sign();
            ::close_range(0, ~0U, 0);
            ++started;
            for (;;) {
                ::pause();
            }
        }
        ::_exit(0);
    }
    ::waitpid(child, nullptr, 0);
    while (started == before) {
        const timespec nap{0, 500'000};
        ::nanosleep(&nap, nullptr);
    }
}

std::size_t start_daemon_and_wait(std::size_t gate) {
    start_daemon();
    return sign_and_wait(gate);
}

#if defined(__clang__)
#define AIOMISC_TEST_UNSANITIZED __attribute__((no_sanitize("address", "undefined", "thread")))
#else
#define AIOMISC_TEST_UNSANITIZED __attribute__((no_sanitize("address"), no_sanitize("undefined")))
#endif

AIOMISC_TEST_UNSANITIZED void segfault() {
    volatile int* wild = reinterpret_cast<int*>(16);
    *wild = 1;
}

namespace {

#if defined(__clang__)
#pragma clang diagnostic ignored "-Winfinite-recursion"
#elif defined(__GNUC__)
#pragma GCC diagnostic ignored "-Winfinite-recursion"
#endif
[[gnu::noinline]] int descend(int depth) {
    volatile char room[4096];
    room[0] = static_cast<char>(depth);
    return descend(depth + 1) + room[0];
}

[[noreturn]] void fail(const char* text) {
    throw std::runtime_error(text);
}

}  // namespace

void overflow_the_stack() {
    descend(0);
}

AIOMISC_TEST_UNSANITIZED void touch_a_truncated_mapping() {
    const int file = ::memfd_create("truncated", MFD_CLOEXEC);
    if (::ftruncate(file, 4096) != 0) {
        throw std::runtime_error("ftruncate");
    }
    auto* bytes = static_cast<volatile char*>(
        ::mmap(nullptr, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0));
    if (::ftruncate(file, 0) != 0) {
        throw std::runtime_error("ftruncate");
    }
    bytes[0] = 1;
}

AIOMISC_TEST_UNSANITIZED int divide_by(int divisor) {
#if defined(__x86_64__)
    volatile int dividend = 7;  // of a known one, an optimizer makes comparisons that do not trap
    return dividend / divisor;
#else
    ::raise(SIGFPE);  // the division is none where the instruction does not trap
    return divisor;
#endif
}

void trap() {
    ::raise(SIGILL);
}

void call_abort() {
    std::abort();
}

void throw_from_noexcept() {
    []() noexcept { fail("no way out"); }();
}

void throw_in_a_thread() {
    std::thread([] { throw std::runtime_error("nobody joins me"); }).join();
}

void throw_while_unwinding() {
    struct Thrower {
        ~Thrower() noexcept(false) { fail("second"); }
    };

    const Thrower thrower;
    fail("first");
}

void call_exit(int status) {
    std::exit(status);  // NOLINT(concurrency-mt-unsafe): what is tested
}

void call_exit_at_once(int status) {
    ::_exit(status);
}

void call_quick_exit(int status) {
    std::quick_exit(status);
}

void execute_true() {
    char path[] = "/bin/true";
    char* const arguments[] = {path, nullptr};
    ::execv(path, arguments);
}

void end_the_main_thread() {
    ::pthread_exit(nullptr);
}

void kill_itself(int signal) {
    ::kill(::getpid(), signal);
}

void use_up_cpu_limit() {
    const rlimit limit{1, 60};
    ::setrlimit(RLIMIT_CPU, &limit);
    timespec time{};
    for (;;) {
        ::clock_gettime(CLOCK_MONOTONIC, &time);  // ThreadSanitizer delivers signals in such calls
    }
}

void close_descriptors() {
    ::close_range(3, ~0U, 0);
}

void close_descriptors_and_sleep() {
    close_descriptors();
    sleep_for_ever();
}

}  // namespace aiomisc::test::calls
