// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/process/worker_page.h>

#include <cstdint>

namespace aiomisc::detail {

/// What this_task answers from: one call at a time, set by the worker's server.
struct ThisTask {
    process::WorkerPage* page = nullptr;
    process::Sequence sequence = 0;
    std::uint64_t call_id = 0;
    std::uint32_t attempt = 1;
    std::uint32_t worker_id = 0;
};

ThisTask& this_task_state() noexcept;

}  // namespace aiomisc::detail
