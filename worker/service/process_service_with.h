// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/service/process_service.h>
#include <aiomisc/worker/service/respawning_process_service.h>

#include <concepts>
#include <optional>
#include <utility>

namespace aiomisc {

namespace detail {

/// In the process of a service: in_process() is about to run.
void process_started() noexcept;

}  // namespace detail

/// A process service that can be started at any time, on a program that has threads.
///
///     struct ThumbnailSettings { std::string folder; int edge = 128; };
///
///     struct Thumbnails : aiomisc::ProcessServiceWith<Thumbnails, ThumbnailSettings> {
///         using ProcessServiceWith::ProcessServiceWith;
///         void in_process() override { … settings().folder … }
///     };
///
///     co_await entrypoint.start_services(std::make_shared<Thumbnails>(ThumbnailSettings{"/in"}));
///
/// The process is forked from the zygote, which is as the program was early on. The settings are
/// sent there, a `Derived` is made of them, and its in_process() is run: what else the object holds
/// here, it does not have there. Settings are what calls in a pool take: see ipc/codec/codec.h.
///
/// Affinity:  loop; in_process() runs elsewhere.
template <typename Derived, typename Settings, typename Base = ProcessService>
class ProcessServiceWith : public Base {
    static_assert(std::derived_from<Base, ProcessService>);

public:
    explicit ProcessServiceWith(Settings settings = {}, typename Base::ProcessOptions options = {})
        : Base(std::move(options)), settings_(std::move(settings)) {}

    [[nodiscard]] const Settings& settings() const noexcept { return settings_; }

private:
    static void run_in_process(const Settings& settings) {
        Derived service{Settings(settings)};
        detail::process_started();
        static_cast<ProcessService&>(service).in_process();
    }

    [[nodiscard]] std::optional<Initializer> process_main() const final {
        return initialize_with<&ProcessServiceWith::run_in_process>(settings_);
    }

    Settings settings_;
};

/// The same, started again whenever it ends.
template <typename Derived, typename Settings>
using RespawningProcessServiceWith =
    ProcessServiceWith<Derived, Settings, RespawningProcessService>;

}  // namespace aiomisc
