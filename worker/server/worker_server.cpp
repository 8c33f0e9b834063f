// SPDX-License-Identifier: MIT
#include "worker_server.h"

#include "../call/this_task_state.h"
#include "chunk_runner.h"
#include "result_frame.h"

#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/ipc/compression/compression.h>
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/context.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/worker/registry/registry.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <ctime>
#include <utility>

#include <capnp/rpc-twoparty.h>
#include <kj/debug.h>

#include <sys/ioctl.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

/// Results up to this size travel in the message: the parent gets them with the bytes it reads
/// anyway.
constexpr std::size_t kInlineResultBytes = std::size_t{4} << 10;

std::span<const std::byte> bytes_of(capnp::Data::Reader data) noexcept {
    return std::as_bytes(std::span(data.begin(), data.size()));
}

capnp::Data::Reader data_of(std::span<const std::byte> bytes) noexcept {
    return {reinterpret_cast<const kj::byte*>(bytes.data()), bytes.size()};
}

/// An interrupt that is on its way arrives within this time, or the supervisor is gone, and so will
/// be the worker.
constexpr timespec kInterruptWait{1, 0};

volatile std::sig_atomic_t interrupted = 0;

/// What a task did to the delivery of the interrupt, the next one must not inherit.
void restore_signals() noexcept {
    sigset_t none;
    ::sigemptyset(&none);
    ::pthread_sigmask(SIG_SETMASK, &none, nullptr);
    struct sigaction interrupt{};
    // Without SA_RESTART: blocking calls end with EINTR.
    interrupt.sa_handler = [](int) { interrupted = 1; };
    ::sigaction(SIGUSR2, &interrupt, nullptr);
    interrupted = 0;
}

/// Lets the interrupt of a call that has just ended come, so that it cannot hit the next one.
void await_interrupt() noexcept {
    sigset_t interrupt;
    ::sigemptyset(&interrupt);
    ::sigaddset(&interrupt, SIGUSR2);
    ::pthread_sigmask(SIG_BLOCK, &interrupt, nullptr);
    if (interrupted == 0) {
        ::sigtimedwait(&interrupt, nullptr, &kInterruptWait);
    }
}

void put_error(schema::Outcome::Builder outcome, const std::exception_ptr& error) {
    ipc::Buffer encoded;
    ipc::encode(encoded, ipc::encode_exception(error));
    outcome.setError(data_of(encoded.span()));
}

void put_value(schema::Outcome::Builder outcome, const ResultFrame& frame) {
    const auto bytes = frame.bytes();
    if (frame.is_shared() && bytes.size() > kInlineResultBytes) {
        outcome.initValue().setShared(bytes.size());
    } else {
        outcome.initValue().setInline(data_of(bytes));
    }
}

FunctionKey key_of(schema::FunctionId::Reader function) noexcept {
    return {function.getModule(), function.getOffset()};
}

SharedArea::Half half_of(schema::Half half) noexcept {
    return static_cast<SharedArea::Half>(half);
}

std::uint32_t read_u32(const std::byte* at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

/// The arguments of the next call of a chunk, which are cut off it.
std::span<const std::byte> cut_arguments(std::span<const std::byte>& chunk) {
    if (chunk.size() < kArgumentHeaderBytes) {
        throw ProtocolError("a chunk has fewer arguments than calls");
    }
    const std::uint32_t size = read_u32(chunk.data());
    chunk = chunk.subspan(kArgumentHeaderBytes);
    if (size > chunk.size()) {
        throw ProtocolError("an argument of a chunk is longer than the chunk");
    }
    const auto arguments = chunk.first(size);
    chunk = chunk.subspan(size);
    return arguments;
}

void put_results(schema::Results::Builder results, const ChunkRunner& runner) {
    results.setDone(runner.done());
    results.setShared(runner.used());
    results.setElapsedNanoseconds(static_cast<std::uint64_t>(runner.elapsed().count()));
    if (runner.full()) {
        results.setOverflow(data_of(runner.overflow()));
    }
}

ipc::Compression method_of(schema::Compression method) noexcept {
    switch (method) {
        case schema::Compression::LZ4:
            return ipc::Compression::kLz4;
        case schema::Compression::ZSTD:
            return ipc::Compression::kZstd;
        case schema::Compression::NONE:
            break;
    }
    return ipc::Compression::kNone;
}

/// Records say which worker logged them, and in which call.
void add_call(log::detail::ContextFields& fields) {
    const ThisTask& state = this_task_state();
    if (state.page == nullptr) {
        return;
    }
    fields.add("worker_id", state.worker_id);
    if (state.sequence != 0) {
        fields.add("call_id", state.call_id);
    }
}

}  // namespace

WorkerServer::WorkerServer(
    std::uint32_t worker_id, process::WorkerPage& page, std::size_t max_payload_bytes)
    : page_(page),
      area_(page_),
      max_payload_bytes_(max_payload_bytes),
      expanded_(max_payload_bytes),
      result_(max_payload_bytes) {
    this_task_state().page = &page;
    this_task_state().worker_id = worker_id;
    area_.set_phase(CallPhase::kIdle);
    log::detail::add_context_provider(&add_call);
}

WorkerServer::~WorkerServer() noexcept {
    this_task_state().page = nullptr;
}

const Thunk& WorkerServer::thunk_of(schema::FunctionId::Reader function) const {
    const Thunk* thunk = find_thunk(key_of(function));
    if (thunk != nullptr) {
        return *thunk;
    }
    const auto failure = load_failures_.find(function.getModule());
    throw ProtocolError(
        failure == load_failures_.end() ? "the function is not registered in the worker"
                                        : failure->second);
}

bool WorkerServer::begin(process::Sequence sequence, std::uint64_t call_id, std::uint32_t attempt) {
    // No more than one call is begun and not answered: the stream sends the answer to a message
    // before it gives out the next.
    if (!page_.worker_claim(sequence)) {
        return false;
    }
    auto& state = this_task_state();
    state.sequence = sequence;
    state.call_id = call_id;
    state.attempt = attempt;
    restore_signals();
    return true;
}

void WorkerServer::end() noexcept {
    // A copy of the worker that came back from the task by an exception: the channel is not its
    // own.
    guard_.end_if_copy();
    std::fflush(stdout);
    if (page_.worker_finish(this_task_state().sequence)) {
        await_interrupt();
    }
    area_.set_phase(CallPhase::kIdle);
}

std::span<const std::byte> WorkerServer::arguments_of(schema::Payload::Reader payload) {
    switch (payload.which()) {
        case schema::Payload::INLINE:
            return bytes_of(payload.getInline());
        case schema::Payload::SHARED: {
            const auto arguments = area_.arguments();
            if (payload.getShared() > arguments.size()) {
                throw ProtocolError("arguments larger than the shared area");
            }
            return arguments.first(payload.getShared());
        }
        case schema::Payload::COMPRESSED: {
            const auto compressed = payload.getCompressed();
            expanded_ = ipc::decompress(
                method_of(compressed.getMethod()),
                bytes_of(compressed.getData()),
                compressed.getSize(),
                max_payload_bytes_);
            return expanded_.span();
        }
    }
    throw ProtocolError("arguments of an unknown kind");
}

std::span<std::byte> WorkerServer::result_memory(schema::Half half) const {
    const auto memory = area_.results(half_of(half));
    return memory.first(std::min(memory.size(), max_payload_bytes_));
}

kj::Promise<void> WorkerServer::call(CallContext context) {
    const auto parameters = context.getParams();
    const process::Sequence sequence = parameters.getSequence();
    if (!begin(sequence, parameters.getCallId(), parameters.getAttempt())) {
        context.getResults(capnp::MessageSize{8, 0}).initOutcome().setRevoked();
        return kj::READY_NOW;
    }
    ResultFrame frame(area_, guard_, result_memory(parameters.getHalf()), result_);
    std::exception_ptr error;
    bool cancelled = false;
    try {
        thunk_of(parameters.getFunction()).call(arguments_of(parameters.getArguments()), frame);
    } catch (const CancelledError&) {
        cancelled = true;
    } catch (...) {
        error = std::current_exception();
        frame.reset();
    }
    end();
    const auto bytes = frame.bytes().size();
    auto outcome =
        context
            .getResults(capnp::MessageSize{16 + (bytes <= kInlineResultBytes ? bytes / 8 : 0), 0})
            .initOutcome();
    if (cancelled) {
        outcome.setCancelled();
    } else if (error) {
        if (log::enabled(log::Level::kDebug)) {
            log::debug("aiomisc.worker", "call failed: {}", describe_exception(error));
        }
        put_error(outcome, error);
    } else {
        put_value(outcome, frame);
    }
    return kj::READY_NOW;
}

/// Whether the parent knows whose all output is that was written so far: none is unread, nor just
/// being read.
bool WorkerServer::output_is_taken() const noexcept {
    for (const int fd : {STDOUT_FILENO, STDERR_FILENO}) {
        int unread = 0;
        if (::ioctl(fd, FIONREAD, &unread) != 0 || unread != 0) {
            return false;
        }
    }
    return !area_.reading();
}

kj::Promise<void> WorkerServer::calls(CallsContext context) {
    const auto parameters = context.getParams();
    const process::Sequence first = parameters.getSequence();
    ChunkRunner runner(area_, guard_, first, half_of(parameters.getHalf()), max_payload_bytes_);
    for (const auto call : parameters.getCalls()) {
        if (runner.full() || !begin(first + runner.done(), call.getCallId(), call.getAttempt())) {
            break;
        }
        try {
            runner.run(thunk_of(call.getFunction()), bytes_of(call.getArguments()));
        } catch (const ProtocolError&) {
            runner.fail(std::current_exception());
        }
        end();
        runner.commit();
        if (parameters.getCaptured() && !output_is_taken()) {
            break;
        }
    }
    put_results(context.getResults(capnp::MessageSize{24, 0}).initResults(), runner);
    return kj::READY_NOW;
}

kj::Promise<void> WorkerServer::chunk(ChunkContext context) {
    const auto parameters = context.getParams();
    const process::Sequence sequence = parameters.getSequence();
    if (!begin(sequence, 0, 1)) {
        context.getResults(capnp::MessageSize{8, 0}).setRevoked(true);
        return kj::READY_NOW;
    }
    ChunkRunner runner(area_, guard_, sequence, half_of(parameters.getHalf()), max_payload_bytes_);
    try {
        make_calls(
            runner,
            thunk_of(parameters.getFunction()),
            arguments_of(parameters.getArguments()),
            parameters.getCount(),
            std::chrono::microseconds(parameters.getBudgetMicroseconds()));
    } catch (...) {
        end();
        throw;
    }
    end();
    put_results(context.getResults(capnp::MessageSize{24, 0}).initResults(), runner);
    return kj::READY_NOW;
}

void WorkerServer::make_calls(
    ChunkRunner& runner,
    const Thunk& thunk,
    std::span<const std::byte> arguments,
    std::uint32_t count,
    std::chrono::nanoseconds budget) {
    while (runner.done() < count && !runner.full() && runner.elapsed() < budget &&
           !page_.cancel_requested(this_task_state().sequence)) {
        runner.run(thunk, cut_arguments(arguments));
        runner.commit();
    }
}

kj::Promise<void> WorkerServer::load(LoadContext context) {
    const auto parameters = context.getParams();
    try {
        load_module(parameters.getPath().cStr(), parameters.getModule());
    } catch (const std::exception& error) {
        // For the calls behind it: nobody waits for the answer to this one.
        load_failures_[parameters.getModule()] = error.what();
    }
    return kj::READY_NOW;
}

int serve(
    std::uint32_t worker_id,
    UniqueFd channel,
    process::WorkerPage& page,
    std::size_t max_payload_bytes) {
    const ipc::StreamLimits limits = ipc::limits_for_payload(max_payload_bytes);
    ipc::BlockingMessageStream stream(std::move(channel), limits);
    kj::EventLoop loop(stream);
    kj::WaitScope wait_scope(loop);
    capnp::ReaderOptions options;
    options.traversalLimitInWords = limits.max_message_bytes / sizeof(capnp::word) * 2;
    capnp::TwoPartyVatNetwork network(stream, capnp::rpc::twoparty::Side::SERVER, options);
    auto rpc =
        capnp::makeRpcServer(network, kj::heap<WorkerServer>(worker_id, page, max_payload_bytes));
    try {
        network.onDisconnect().wait(wait_scope);
    } catch (const kj::Exception& exception) {
        if (exception.getType() != kj::Exception::Type::DISCONNECTED) {
            log::error("aiomisc.worker", "channel failed: {}", exception.getDescription().cStr());
            return 1;
        }
    }
    return 0;
}

}  // namespace aiomisc::detail
