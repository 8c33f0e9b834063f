// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/run.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_function.h>
#include <aiomisc/runtime/log/log.h>

namespace aiomisc {

namespace {

constexpr int kFailed = 1;
constexpr int kSignalBase = 128;

Task<int> with_code(Task<> main) {
    co_await main;
    co_return 0;
}

/// Makes the entrypoint, has it run by `body`, and turns how that ended into an exit code.
int run_entrypoint(
    EntrypointOptions options, ServiceList services, UniqueFunction<int(Entrypoint&)> body) {
    int signal = 0;
    try {
        Entrypoint entrypoint(std::move(options), std::move(services));
        try {
            return body(entrypoint);
        } catch (const CancelledError&) {
            signal = entrypoint.shutdown_signal();
            if (signal == 0) {
                throw;
            }
        }
    } catch (const SystemExit& exit) {
        return exit.code();
    } catch (...) {
        log::critical("aiomisc", "{}", describe_exception(std::current_exception()));
        return kFailed;
    }
    return kSignalBase + signal;
}

}  // namespace

int run(Task<int> main, EntrypointOptions options, ServiceList services) {
    return run_entrypoint(
        std::move(options),
        std::move(services),
        [main = std::move(main)](Entrypoint& entrypoint) mutable {
            return entrypoint.run_until_complete(std::move(main));
        });
}

int run(Task<> main, EntrypointOptions options, ServiceList services) {
    return run(with_code(std::move(main)), std::move(options), std::move(services));
}

int run(int, char**, Task<int> main, EntrypointOptions options, ServiceList services) {
    return run(std::move(main), std::move(options), std::move(services));
}

int run(int, char**, Task<> main, EntrypointOptions options, ServiceList services) {
    return run(std::move(main), std::move(options), std::move(services));
}

int serve(EntrypointOptions options, ServiceList services) {
    return run_entrypoint(std::move(options), std::move(services), [](Entrypoint& entrypoint) {
        entrypoint.run_forever();
        return 0;
    });
}

}  // namespace aiomisc
