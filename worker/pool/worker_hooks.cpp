// SPDX-License-Identifier: MIT
#include "worker_hooks.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/app/start_hooks.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/loop/after_fork.h>
#include <aiomisc/worker/pool/errors.h>
#include <aiomisc/worker/process/zygote.h>
#include <aiomisc/worker/registry/registry.h>
#include <aiomisc/worker/server/process_main.h>
#include <aiomisc/worker/server/worker_server.h>

#include <string>

#include <malloc.h>

namespace aiomisc::detail {

namespace {

/// An initializer's frame: nobody wants its result.
class NoResultFrame final : public CallFrame {
public:
    void enter(CallPhase) noexcept override {}

private:
    ipc::FixedArea* fixed_area() noexcept override { return nullptr; }

    ipc::Buffer& spilled() override {
        discarded_.clear();
        return discarded_;
    }

    ipc::Buffer discarded_;
};

const Thunk* find_initializer(const process::PoolSetup& setup) {
    return find_thunk({setup.initializer->module, setup.initializer->offset});
}

void run_initializer(const process::PoolSetup& setup) {
    NoResultFrame frame;
    find_initializer(setup)->call(setup.initializer_argument, frame);
}

void initialize(const process::PoolSetup& setup) {
    forget_loop_after_fork();
    log::basic_config(
        {.level = log::parse_level(setup.log_level),
         .log_format = log::parse_format(setup.log_format),
         .date_format = setup.log_date_format,
         .buffered = false});  // a worker has one thread
    if (!setup.initializer) {
        return;
    }
    if (!setup.initializer_path.empty()) {
        load_module(setup.initializer_path, setup.initializer->module);
    }
    if (find_initializer(setup) == nullptr) {
        throw ProtocolError("the initializer is not registered in this program");
    }
    if (setup.initializer_use == process::InitializerUse::kSupervisor) {
        run_initializer(setup);
    }
}

/// Large arguments and results come and go with every call. By default glibc gives their memory
/// back to the kernel each time, and a call of a megabyte spends most of its time on getting it
/// again. These are the values glibc itself comes to in a program that has freed a block of 32 MiB.
void keep_freed_memory() noexcept {
    // NOLINTBEGIN(concurrency-mt-unsafe): one thread after fork
    ::mallopt(M_MMAP_THRESHOLD, 32 << 20);
    ::mallopt(M_TRIM_THRESHOLD, 64 << 20);
    // NOLINTEND(concurrency-mt-unsafe)
}

int run_worker(process::WorkerStart start) {
    const process::PoolSetup& setup = start.setup;
    if (setup.initializer && setup.initializer_use == process::InitializerUse::kMain) {
        return run_process_main(start, [&setup] { run_initializer(setup); });
    }
    keep_freed_memory();
    if (setup.initializer && setup.initializer_use == process::InitializerUse::kWorker &&
        !run_noting_errors(
            start, "the initializer failed: ", [&setup] { run_initializer(setup); })) {
        return kFunctionThrew;
    }
    return serve(
        start.key.id + 1, std::move(start.channel), start.page, start.setup.max_payload_bytes);
}

/// aiomisc::run() forks the zygote before anything else, in programs that have pools.
void fork_zygote() {
    process::Zygote::ensure(worker_hooks());
}

[[maybe_unused]] const bool kStartHookRegistered = [] {
    register_start_hook(&fork_zygote);
    return true;
}();

}  // namespace

process::SupervisorHooks worker_hooks() noexcept {
    return {&initialize, &run_worker};
}

std::exception_ptr initializer_error(const process::InitializerFailed& failure) {
    ipc::EncodedException error;
    error.type = failure.type;
    error.what = failure.message;
    return ipc::to_exception_ptr(error);
}

}  // namespace aiomisc::detail
