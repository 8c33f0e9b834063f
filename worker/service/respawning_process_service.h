// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/service/process_service.h>

#include <chrono>
#include <cstddef>
#include <string>

namespace aiomisc {

struct RespawningProcessServiceOptions {
    /// As those of ProcessServiceOptions.
    std::string name{};
    std::chrono::milliseconds process_stop_timeout{std::chrono::seconds(3)};
    process::ResourceLimits limits{};
    int nice = 0;
    std::string statistic_name{};

    /// Two starts are at least this far apart: a process that ran for longer is replaced at once,
    /// one that ends at once is not started in a tight loop. (aiomisc looks for the end at this
    /// interval. Here the end is an event.)
    std::chrono::milliseconds process_poll_timeout{std::chrono::seconds(5)};
    /// More ends than this within `restart_window` fail the service; 0: 20. No more than
    /// restart_window / process_poll_timeout + 2 fit in, by default eight: so the service goes on
    /// for ever, as that of aiomisc does. For a budget, set a smaller limit, a longer window, or a
    /// shorter interval.
    std::size_t restart_limit = 0;
    std::chrono::milliseconds restart_window{std::chrono::seconds(30)};
};

/// A ProcessService whose process is started again whenever it ends, also when in_process()
/// returns.
///
/// The end is noticed at once. The next process starts when nothing is left of the last one: there
/// are never two. It starts at once, but not within process_poll_timeout of the last start; from
/// the eleventh end within restart_window on also 100 ms later, then 200 ms, up to 5 s. When
/// restart_limit is passed, which the defaults never do, the service fails with the last endings;
/// EntrypointOptions::on_service_failure decides what becomes of the program.
///
/// Every start is forked from the same snapshot, so each process sees the same state.
///
/// Affinity:  loop; in_process() runs elsewhere.
/// Idea:      aiomisc.service.RespawningProcessService.
/// Example:   examples/respawning
class RespawningProcessService : public ProcessService {
public:
    using ProcessOptions = RespawningProcessServiceOptions;

    explicit RespawningProcessService(RespawningProcessServiceOptions options = {});

    /// Errors: as ProcessService; of a later process: only that its budget is spent.
    Task<> start() override;

private:
    Task<std::string> one_process();

    RespawningProcessServiceOptions options_;
};

}  // namespace aiomisc
