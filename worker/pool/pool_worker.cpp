// SPDX-License-Identifier: MIT
#include "pool_worker.h"

#include <aiomisc/runtime/base/error.h>

#include <array>
#include <chrono>
#include <cstdlib>
#include <utility>

#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

/// The second of the two signs of a death follows the first within this time, or is not waited for.
constexpr std::chrono::milliseconds kSecondSign{500};

WorkerDied::Phase died_in(CallPhase phase) noexcept {
    switch (phase) {
        case CallPhase::kStart:
            return WorkerDied::Phase::kInit;
        case CallPhase::kIdle:
            return WorkerDied::Phase::kIdle;
        case CallPhase::kSerialise:
            return WorkerDied::Phase::kSerialise;
        case CallPhase::kRun:
            return WorkerDied::Phase::kRun;
        case CallPhase::kResult:
            return WorkerDied::Phase::kResult;
    }
    return WorkerDied::Phase::kRun;
}

}  // namespace

PoolWorker::PoolWorker(
    EventLoop& loop,
    process::ChildKey key,
    Channel channel,
    const WorkerPoolOptions& options,
    PoolWorkerListener& listener)
    : loop_(loop),
      key_(key),
      listener_(listener),
      link_(std::make_unique<WorkerLink>(
          loop,
          std::move(channel.socket),
          std::move(channel.page),
          options,
          static_cast<WorkerLinkListener&>(*this))) {
    const auto capture = [&](UniqueFd fd, bool is_stderr) {
        return std::make_unique<OutputPipe>(
            loop,
            std::move(fd),
            [this, is_stderr](std::span<const std::byte> bytes) {
                listener_.on_output(writer_, is_stderr, bytes);
            },
            [this](bool begins) {
                if (begins) {
                    link_->begin_reading();
                } else {
                    writer_ = link_->end_reading();
                }
            });
    };
    if (channel.out) {
        out_ = capture(std::move(channel.out), false);
    }
    if (channel.err) {
        err_ = capture(std::move(channel.err), true);
    }
}

PoolWorker::~PoolWorker() {
    cancel_timers();
}

void PoolWorker::cancel_timers() noexcept {
    death_timer_.cancel();
    grace_timer.cancel();
    timeout_timer.cancel();
}

std::size_t PoolWorker::resident_bytes() const noexcept {
    const std::string path = "/proc/" + std::to_string(pid_) + "/statm";
    const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    std::array<char, 128> text{};
    if (!file || ::read(file.get(), text.data(), text.size() - 1) <= 0) {
        return 0;
    }
    // Total pages, a blank, resident pages.
    char* end = nullptr;
    std::strtoull(text.data(), &end, 10);
    return std::strtoull(end, nullptr, 10) * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

void PoolWorker::spawned(pid_t pid) noexcept {
    pid_ = pid;
    if (state_ == State::kStarting) {
        state_ = State::kReady;
    }
}

void PoolWorker::could_not_spawn(const std::string& reason) noexcept {
    failure_ = reason;
    process_over_ = true;
    channel_over_ = true;
    settle_if_over();
}

void PoolWorker::exited(const process::Exited& event, bool oom_suspected) noexcept {
    exit_ = event;
    oom_suspected_ = oom_suspected;
    process_is_over();
}

void PoolWorker::supervisor_gone() noexcept {
    if (!process_over_) {
        failure_ = "its supervisor is gone";
        process_is_over();
    }
}

void PoolWorker::process_is_over() noexcept {
    process_over_ = true;
    if (!channel_over_) {
        // A descendant that was not found may hold the channel open.
        death_timer_.cancel();
        death_timer_ = loop_.call_later(kSecondSign, [this] {
            channel_over_ = true;
            settle_if_over();
        });
    }
    settle_if_over();
}

void PoolWorker::on_disconnected(std::exception_ptr violation) noexcept {
    if (violation && !violation_) {
        violation_ = violation;
        listener_.kill(*this, "it broke the protocol");
    }
    if (std::exchange(channel_over_, true)) {
        return;
    }
    if (!process_over_) {
        listener_.on_channel_end(*this);
    }
    if (!process_over_ && state_ != State::kRetiring) {
        // The report of its exit is on its way, or it closed the channel and lives on.
        death_timer_ = loop_.call_later(
            kSecondSign, [this] { listener_.kill(*this, "it closed its channel"); });
    }
    settle_if_over();
}

void PoolWorker::settle_if_over() noexcept {
    if (process_over_ && channel_over_ && state_ != State::kGone) {
        link_->harvest();
        state_ = State::kGone;
        cancel_timers();
        drain_output();
        listener_.on_gone(*this);
    }
}

void PoolWorker::send(std::span<Work* const> works) {
    if (link_->in_flight() == 0) {
        busy_since_ = Clock::now();
    }
    link_->send(works);
}

void PoolWorker::retire() noexcept {
    if (state_ == State::kReady || state_ == State::kStarting) {
        state_ = State::kRetiring;
    }
    retired_ = true;
    link_->close();
}

void PoolWorker::before_replies() noexcept {
    drain_output();
}

void PoolWorker::on_reply(Work& work, const Reply& reply) noexcept {
    calls_ += work.is_chunk() ? reply.done : 1;
    const TimePoint now = Clock::now();
    const bool told = reply.elapsed > Duration::zero() && !work.is_chunk();
    last_duration_ = told ? std::chrono::duration_cast<Duration>(reply.elapsed) : now - busy_since_;
    busy_since_ = now;
    listener_.on_reply(*this, work, reply);
}

void PoolWorker::on_returned(const std::vector<Work*>& works) noexcept {
    listener_.on_returned(*this, works);
}

void PoolWorker::drain_output() noexcept {
    for (OutputPipe* pipe : {out_.get(), err_.get()}) {
        if (pipe != nullptr) {
            pipe->drain();
        }
    }
}

WorkerDied::Details PoolWorker::death_details(CallPhase phase, std::string note) const {
    WorkerDied::Details details;
    details.worker = number();
    details.pid = pid_;
    details.phase = died_in(phase);
    details.reason = kill_reason_.empty() ? failure_ : kill_reason_;
    details.note = std::move(note);
    details.oom_suspected = oom_suspected_ && kill_reason_.empty();
    if (exit_) {
        if (WIFSIGNALED(exit_->wait_status)) {
            details.signal = WTERMSIG(exit_->wait_status);
        } else {
            details.status = WEXITSTATUS(exit_->wait_status);
        }
    }
    return details;
}

std::exception_ptr PoolWorker::death(CallPhase phase, std::string note) const {
    if (violation_) {
        return violation_;
    }
    return std::make_exception_ptr(WorkerDied(death_details(phase, std::move(note))));
}

}  // namespace aiomisc::detail
