// SPDX-License-Identifier: MIT
#include "process_main.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/process/control_channel.h>
#include <aiomisc/worker/process/pidfd.h>
#include <aiomisc/worker/process/process_setup.h>

#include <array>
#include <exception>
#include <utility>
#include <vector>

#include <unistd.h>

namespace aiomisc::detail {

namespace {

process::ControlChannel* channel_to_parent = nullptr;

}  // namespace

void process_started() noexcept {
    std::vector<UniqueFd> self;
    if (UniqueFd pidfd = process::open_pidfd(::getpid())) {
        self.push_back(std::move(pidfd));
    }
    try {
        channel_to_parent->send(std::array{kProcessStarted}, std::move(self));
    } catch (const std::exception& error) {
        log::error("aiomisc.process", "cannot tell that the process started: {}", error.what());
        ::_exit(kFunctionThrew);
    }
}

int run_process_main(process::WorkerStart& start, UniqueFunction<void()> body) {
    process::set_process_name(start.setup.name.c_str());
    // Never destroyed. That of an outer process is left as it is: its descriptor number is
    // another's by now.
    channel_to_parent = new process::ControlChannel(std::move(start.channel));
    return run_noting_errors(start, "", std::move(body)) ? 0 : kFunctionThrew;
}

bool run_noting_errors(
    process::WorkerStart& start, const char* what, UniqueFunction<void()> body) noexcept {
    try {
        body();
        return true;
    } catch (...) {
        const std::string error = what + describe_exception(std::current_exception());
        log::error("aiomisc.process", "{}: {}", start.setup.name, error);
        start.page.crash_note().append(error);
        return false;
    }
}

}  // namespace aiomisc::detail
