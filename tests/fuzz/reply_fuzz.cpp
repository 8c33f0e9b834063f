// SPDX-License-Identifier: MIT

// What the parent does with arbitrary bytes from a worker that it has sent a call, three calls that
// travel together, and a chunk. The first byte says how the worker's page looks to the parent, the
// rest is what the worker sends before it closes the channel. However that is, the channel ends,
// and each piece of work was settled at most once.

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/sleep.h>
#include <aiomisc/runtime/task/task.h>
#include <aiomisc/worker/pool/worker_link.h>
#include <aiomisc/worker/process/worker_page.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <utility>

#include <sys/socket.h>

namespace {

using namespace aiomisc;

/// More would not fit into the socket while nobody reads.
constexpr std::size_t kMaxBytes = 32 << 10;
constexpr std::size_t kSharedBytes = 4096;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

/// Counts how often it is settled; `calls` of 0 is a single call.
class CountedWork final : public detail::Work {
public:
    explicit CountedWork(std::uint32_t calls) : Work(1 << 20) {
        arguments.append("arguments", 9);
        count = calls;
    }

    int settled = 0;

    void succeeded(std::span<const std::byte>) noexcept override {}

    detail::Tally chunk_done(
        std::uint32_t, std::span<const std::byte>, std::chrono::nanoseconds) noexcept override {
        return {};
    }

    detail::Tally worker_died(
        std::exception_ptr, std::uint32_t, std::span<const std::byte>) noexcept override {
        return {};
    }

    void failed(std::exception_ptr) noexcept override {}

    void was_cancelled() noexcept override {}

    [[nodiscard]] bool abandoned() const noexcept override { return false; }

    void hold() noexcept override {}

    void drop() noexcept override {}
};

/// Reads every byte of what a link hands out.
class Listener final : public detail::WorkerLinkListener {
public:
    int ends = 0;

private:
    void before_replies() noexcept override {}

    void on_reply(detail::Work& work, const detail::Reply& reply) noexcept override {
        ++static_cast<CountedWork&>(work).settled;
        std::size_t sum = reply.done;
        for (const std::byte byte : reply.bytes) {
            sum += static_cast<std::size_t>(byte);
        }
        require(sum >= reply.done);
        if (reply.kind == detail::Reply::Kind::kError) {
            try {
                static_cast<void>(ipc::decode<ipc::EncodedException>(reply.bytes));
            } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): legal
            }
        }
    }

    void on_returned(const std::vector<detail::Work*>& works) noexcept override {
        for (detail::Work* work : works) {
            ++static_cast<CountedWork*>(work)->settled;
        }
    }

    void on_disconnected(std::exception_ptr) noexcept override { ++ends; }
};

struct Channel {
    UniqueFd ours;
    UniqueFd theirs;
    std::optional<process::WorkerPage> our_page;
    std::optional<process::WorkerPage> their_page;

    Channel() {
        int ends[2];
        require(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
        ours.reset(ends[0]);
        theirs.reset(ends[1]);
        auto [page, file] =
            process::WorkerPage::create(detail::SharedArea::page_bytes(kSharedBytes));
        our_page = std::move(page);
        their_page = process::WorkerPage::map(file);
    }

    /// As a worker that has begun so many of the calls, and left this in the shared memory.
    void pretend(std::uint8_t state) {
        for (process::Sequence call = 1; call <= state % 6U; ++call) {
            static_cast<void>(their_page->worker_claim(call));
        }
        const detail::SharedArea area(*their_page);
        const auto results = area.results(detail::SharedArea::Half::kSecond);
        // Small items, one behind the other.
        for (std::size_t at = 0; at + 8 <= results.size(); at += 8) {
            results[at + 1] = std::byte{3};
        }
        area.set_progress(2, (state / 8U) % 5U);
    }
};

void run(EventLoop& loop, std::uint8_t state, const std::uint8_t* data, std::size_t size) {
    Channel channel;
    const WorkerPoolOptions options{.max_payload_bytes = std::size_t{64} << 10};
    Listener listener;
    detail::WorkerLink link(
        loop, std::move(channel.ours), std::move(*channel.our_page), options, listener);
    CountedWork call(0);
    std::array<CountedWork, 3> together{CountedWork(0), CountedWork(0), CountedWork(0)};
    CountedWork chunk(4);
    const std::array<detail::Work*, 1> first{&call};
    const std::array<detail::Work*, 3> second{&together[0], &together[1], &together[2]};
    const std::array<detail::Work*, 1> third{&chunk};
    link.send(first);
    link.send(second);
    link.send(third);
    channel.pretend(state);
    require(::send(channel.theirs.get(), data, size, MSG_NOSIGNAL) == static_cast<ssize_t>(size));
    channel.theirs.reset();
    if (state >= 128) {
        link.harvest();
    }
    // The end of the channel is an event of the loop, so there is no way around waiting for it.
    const auto finish = [](Listener& ended) -> Task<> {
        while (ended.ends == 0) {
            co_await sleep(Duration::zero());
        }
    };
    loop.run_until_complete(finish(listener));
    const auto remains = link.remains();
    for (const auto& lost : remains.lost) {
        ++static_cast<CountedWork*>(lost.work)->settled;
    }
    for (detail::Work* work : remains.not_begun) {
        ++static_cast<CountedWork*>(work)->settled;
    }
    require(link.in_flight() == 0);
    require(call.settled == 1 && chunk.settled == 1);
    for (const CountedWork& each : together) {
        require(each.settled == 1);
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer asks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0 || size > kMaxBytes) {
        return 0;
    }
    EventLoop loop;
    run(loop, data[0], data + 1, size - 1);
    loop.close();
    return 0;
}
