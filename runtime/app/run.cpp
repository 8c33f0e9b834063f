// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/run.h>

#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/completion_set.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

namespace aiomisc {

namespace {

constexpr int kFailed = 1;
constexpr int kSignalBase = 128;

std::vector<void (*)()>& start_hooks() {
    static std::vector<void (*)()> hooks;
    return hooks;
}

template <typename Parse>
auto parse_option(const char* key, const std::string& text, Parse&& parse)
    -> std::optional<decltype(parse(text))> {
    if (text.empty()) {
        return std::nullopt;
    }
    try {
        return parse(text);
    } catch (const std::invalid_argument& error) {
        throw ConfigError(key, "RunOptions", error.what());
    }
}

void configure_logging(const RunOptions& options) {
    log::basic_config({
        .level = parse_option("log_level", options.log_level, log::parse_level),
        .log_format = parse_option("log_format", options.log_format, log::parse_format),
    });
}

bool debug_wanted(const RunOptions& options) {
    if (options.debug) {
        return *options.debug;
    }
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before any thread exists
    const char* text = std::getenv("AIOMISC_DEBUG");
    const std::string_view value = text == nullptr ? "" : text;
    if (value.empty() || value == "0" || value == "false" || value == "no" || value == "off") {
        return false;
    }
    if (value == "1" || value == "true" || value == "yes" || value == "on") {
        return true;
    }
    throw ConfigError("AIOMISC_DEBUG", "environment", "neither true nor false");
}

/// The signals that end the program. What is ignored, as by nohup, stays so.
std::vector<int> ending_signals() {
    std::vector<int> signals{SIGINT, SIGTERM};
    std::erase_if(signals, [](int signal) {
        struct sigaction current{};
        ::sigaction(signal, nullptr, &current);
        return current.sa_handler == SIG_IGN;
    });
    return signals;
}

/// Cancels the main task on the first signal, and leaves the second to its usual effect.
Task<> cancel_on_signal(TaskHandle<int>* main, std::optional<Signals>* signals, int* received) {
    *received = co_await (*signals)->next();
    signals->reset();
    log::warning(
        "aiomisc", "{} received: stopping; a second one stops at once", signal_name(*received));
    main->cancel(CancelReason::kShutdown);
}

Task<int> run_main(Task<int> body, int* received) {
    std::optional<Signals> signals(std::in_place, EventLoop::current(), ending_signals());
    TaskHandle<int> main = create_task(std::move(body), "main");
    TaskHandle<> watcher = create_task(cancel_on_signal(&main, &signals, received), "signals");
    co_await detail::wait_until_ended({main.state()});
    co_await cancel_tasks(watcher);
    co_return main.result();
}

int run_on_loop(Task<int> main, bool debug) {
    int received = 0;
    EventLoop loop;
    loop.set_debug(debug);
    try {
        return loop.run_until_complete(run_main(std::move(main), &received));
    } catch (const CancelledError&) {
        if (received == 0) {
            throw;
        }
        return kSignalBase + received;
    }
}

Task<int> with_code(Task<> main) {
    co_await main;
    co_return 0;
}

}  // namespace

int run(Task<int> main, const RunOptions& options) {
    try {
        if (options.log_config) {
            configure_logging(options);
        }
        const bool debug = debug_wanted(options);
        for (const auto hook : start_hooks()) {
            hook();
        }
        return run_on_loop(std::move(main), debug);
    } catch (...) {
        log::critical("aiomisc", "{}", describe_exception(std::current_exception()));
        return kFailed;
    }
}

int run(Task<> main, const RunOptions& options) {
    return run(with_code(std::move(main)), options);
}

int run(int, char**, Task<int> main, const RunOptions& options) {
    return run(std::move(main), options);
}

int run(int, char**, Task<> main, const RunOptions& options) {
    return run(std::move(main), options);
}

void detail::register_start_hook(void (*hook)()) {
    auto& hooks = start_hooks();
    if (std::find(hooks.begin(), hooks.end(), hook) == hooks.end()) {
        hooks.push_back(hook);
    }
}

}  // namespace aiomisc
