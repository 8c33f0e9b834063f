// SPDX-License-Identifier: MIT
#include <aiomisc/worker/pool/chunk_stream.h>

#include "pool.h"

#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/base/error.h>

#include <algorithm>
#include <chrono>
#include <cstring>
#include <list>
#include <utility>
#include <vector>

namespace aiomisc::detail {

namespace {

using std::chrono::nanoseconds;

constexpr nanoseconds kTargetChunkTime{2'000'000};
constexpr std::uint32_t kLargestChunk = 8192;
constexpr std::uint32_t kGrowth = 4;
constexpr std::size_t kLargestChunkBytes = std::size_t{1} << 20;
constexpr std::size_t kChunksPerWorker = 4;
constexpr const char* kCutShort = "a worker sent a chunk of results that is cut short";

std::uint32_t read_u32(const std::byte* at) noexcept {
    std::uint32_t value = 0;
    std::memcpy(&value, at, sizeof value);
    return value;
}

class Chunks;

/// Some inputs in a row, on their way or completed.
class Chunk final : public Work {
public:
    /// The arguments may grow by one item past the limit, which is then carried to the next chunk.
    Chunk(Chunks& owner, std::size_t max_payload)
        : Work(max_payload + kLargestChunkBytes + kArgumentHeaderBytes), owner_(&owner) {}

    /// Results that are there and not taken.
    [[nodiscard]] bool has_item() const noexcept { return taken_ < available_ || failures_ > 0; }

    /// Completed, and everything taken.
    [[nodiscard]] bool exhausted() const noexcept { return completed_ && !has_item(); }

    [[nodiscard]] bool completed() const noexcept { return completed_; }

    ChunkItem take_item() noexcept;

    void disown() noexcept { owner_ = nullptr; }

    void add_reference() noexcept { ++references_; }

    void release() noexcept {
        if (--references_ == 0) {
            delete this;
        }
    }

private:
    ~Chunk() = default;

    void succeeded(std::span<const std::byte>) noexcept override {}

    Tally chunk_done(
        std::uint32_t done,
        std::span<const std::byte> results,
        nanoseconds elapsed) noexcept override;
    Tally worker_died(
        std::exception_ptr error,
        std::uint32_t done,
        std::span<const std::byte> results) noexcept override;
    void failed(std::exception_ptr error) noexcept override;

    void was_cancelled() noexcept override {}

    [[nodiscard]] bool abandoned() const noexcept override { return owner_ == nullptr; }

    void hold() noexcept override { add_reference(); }

    void drop() noexcept override { release(); }

    Tally keep_results(std::uint32_t done, std::span<const std::byte> results);
    void complete(std::uint32_t made) noexcept;

    Chunks* owner_;  // null: the stream is gone, or knows how this ended
    std::vector<std::byte> results_;
    std::span<const std::byte> unread_;
    std::exception_ptr error_;    // of the calls after the available results
    std::uint32_t failures_ = 0;  // how many those are
    std::uint32_t available_ = 0;
    std::uint32_t taken_ = 0;
    unsigned references_ = 0;
    bool completed_ = false;
};

class Chunks final : public ChunkStream {
public:
    Chunks(
        std::shared_ptr<Pool> pool,
        const FunctionKey& function,
        std::unique_ptr<ChunkSource> source,
        const MapOptions& options)
        : pool_(std::move(pool)),
          function_(function),
          source_(std::move(source)),
          options_(options) {
        if (options_.max_chunks == 0) {
            options_.max_chunks = kChunksPerWorker * pool_->workers();
        }
        if (pool_->options().call_timeout) {
            largest_chunk_ = 1;  // the limit is that of a call
        } else if (const auto calls = pool_->options().recycle_after_calls; calls > 0) {
            largest_chunk_ =
                static_cast<std::uint32_t>(std::min<std::uint64_t>(calls, kLargestChunk));
        }
        next_size_ = options_.chunk_size > 0 ? std::min(options_.chunk_size, largest_chunk_) : 1;
    }

    Chunks(const Chunks&) = delete;
    Chunks& operator=(const Chunks&) = delete;

    ~Chunks() override {
        for (const auto& chunk : chunks_) {
            if (!chunk->completed()) {
                chunk->disown();
                pool_->cancel(*chunk);
            }
        }
    }

    bool has_item() override {
        fill();
        return find_ready() || (source_over_ && chunks_.empty());
    }

    std::optional<ChunkItem> take_item() override {
        if (!find_ready()) {
            if (auto error = std::exchange(source_error_, nullptr)) {
                std::rethrow_exception(error);
            }
            return std::nullopt;
        }
        return (*ready_)->take_item();
    }

    void set_reader(Waiter* reader) noexcept override { reader_ = reader; }

    /// `made` calls of the chunk took that long.
    void measured(std::uint32_t made, nanoseconds elapsed) noexcept;

    void completed(Chunk& chunk, std::uint32_t made) noexcept;

private:
    using List = std::list<Reference<Chunk>>;

    void fill();
    bool encode_chunk(Chunk& chunk);
    bool encode_item(ipc::Buffer& buffer);
    [[nodiscard]] std::size_t largest_item() const noexcept;
    void submit(Chunk& chunk);
    bool find_ready();
    void resubmit_rest(Chunk& chunk, std::uint32_t made);
    void wake() noexcept;

    std::shared_ptr<Pool> pool_;
    FunctionKey function_;
    std::unique_ptr<ChunkSource> source_;
    MapOptions options_;
    List chunks_;  // in the order of their inputs
    List::iterator ready_ = chunks_.end();
    Waiter* reader_ = nullptr;
    std::exception_ptr source_error_;
    std::uint32_t largest_chunk_ = kLargestChunk;
    std::uint32_t next_size_ = 1;
    ipc::Buffer carried_;  // an item that did not fit into its chunk any more
    bool source_over_ = false;
};

ChunkItem Chunk::take_item() noexcept {
    if (taken_ < available_) {
        ++taken_;
        if (const auto item = cut_item(unread_)) {
            return {item->kind, item->bytes, nullptr};
        }
        // They lay in memory that the worker could still write while they were copied.
        return {ItemKind::kError, {}, std::make_exception_ptr(ProtocolError(kCutShort))};
    }
    --failures_;
    return {ItemKind::kError, {}, error_};
}

Tally Chunk::keep_results(std::uint32_t done, std::span<const std::byte> results) {
    // Counted as they parse, not as the worker says.
    Tally tally;
    std::span<const std::byte> rest = results;
    while (available_ < done) {
        const auto item = cut_item(rest);
        if (!item) {
            break;
        }
        ++(item->kind == ItemKind::kValue ? tally.succeeded : tally.failed);
        ++available_;
    }
    results_.assign(
        results.begin(),
        results.begin() + static_cast<std::ptrdiff_t>(results.size() - rest.size()));
    unread_ = results_;
    return tally;
}

void Chunk::complete(std::uint32_t made) noexcept {
    completed_ = true;
    std::exchange(owner_, nullptr)->completed(*this, made);
}

Tally Chunk::chunk_done(
    std::uint32_t done, std::span<const std::byte> results, nanoseconds elapsed) noexcept {
    Tally tally;
    try {
        tally = keep_results(done, results);
    } catch (...) {
        failed(std::current_exception());
        return {.failed = count};
    }
    if (available_ < done) {
        failures_ = 1;
        error_ = std::make_exception_ptr(ProtocolError(kCutShort));
    }
    owner_->measured(done, elapsed);
    tally.failed += failures_;
    complete(available_ + failures_);
    return tally;
}

Tally Chunk::worker_died(
    std::exception_ptr error, std::uint32_t done, std::span<const std::byte> results) noexcept {
    Tally tally;
    try {
        tally = keep_results(std::min(done, count), results);
    } catch (...) {
        error = std::current_exception();
    }
    if (available_ < count) {
        error_ = std::move(error);
        failures_ = tally.died = 1;
    }
    complete(available_ + failures_);
    return tally;
}

void Chunk::failed(std::exception_ptr error) noexcept {
    // The message as a whole came to nothing: each call in it failed, for one reason.
    error_ = std::move(error);
    failures_ = count - available_;
    complete(count);
}

void Chunks::measured(std::uint32_t made, nanoseconds elapsed) noexcept {
    if (options_.chunk_size > 0 || made == 0) {
        return;
    }
    const auto per_call = std::max<std::int64_t>(elapsed.count() / made, 1);
    const auto wanted = static_cast<std::uint32_t>(
        std::clamp<std::int64_t>(kTargetChunkTime.count() / per_call, 1, largest_chunk_));
    next_size_ = std::min(wanted, next_size_ * kGrowth);
}

void Chunks::completed(Chunk& chunk, std::uint32_t made) noexcept {
    try {
        resubmit_rest(chunk, made);
        fill();
    } catch (...) {
        source_error_ = std::current_exception();
        source_over_ = true;
    }
    wake();
}

void Chunks::wake() noexcept {
    if (reader_ != nullptr && (find_ready() || (source_over_ && chunks_.empty()))) {
        std::exchange(reader_, nullptr)->wake();
    }
}

void Chunks::resubmit_rest(Chunk& chunk, std::uint32_t made) {
    if (made >= chunk.count) {
        return;
    }
    auto rest = std::as_const(chunk.arguments).span();
    for (std::uint32_t item = 0; item < made; ++item) {
        rest = rest.subspan(kArgumentHeaderBytes + read_u32(rest.data()));
    }
    Reference<Chunk> again(new Chunk(*this, pool_->options().max_payload_bytes));
    again->function = function_;
    again->count = chunk.count - made;
    again->arguments.append(rest.data(), rest.size());
    const auto position = std::ranges::find_if(
        chunks_, [&chunk](const auto& other) { return other.get() == &chunk; });
    chunks_.insert(std::next(position), again);
    try {
        pool_->resubmit_chunk(*again);
    } catch (...) {
        // Each of these calls fails in its place: what comes after them may be done already.
        static_cast<Work&>(*again).failed(std::current_exception());
    }
}

bool Chunks::encode_chunk(Chunk& chunk) {
    chunk.function = function_;
    while (chunk.count < next_size_ && chunk.arguments.size() < kLargestChunkBytes) {
        const std::size_t begin = chunk.arguments.size();
        if (!encode_item(chunk.arguments)) {
            source_over_ = true;
            break;
        }
        if (chunk.count > 0 && chunk.arguments.size() > pool_->options().max_payload_bytes) {
            carried_.append(chunk.arguments.data() + begin, chunk.arguments.size() - begin);
            chunk.arguments.truncate(begin);
            break;
        }
        ++chunk.count;
    }
    return chunk.count > 0;
}

/// Appends the next item with its length; false after the last.
bool Chunks::encode_item(ipc::Buffer& buffer) {
    if (!carried_.empty()) {
        buffer.append(carried_.data(), carried_.size());
        carried_.clear();
        return true;
    }
    const std::size_t begin = buffer.size();
    std::memset(buffer.extend(kArgumentHeaderBytes), 0, kArgumentHeaderBytes);
    bool more = false;
    std::size_t size = 0;
    try {
        more = source_->encode_next(buffer);
        size = buffer.size() - begin - kArgumentHeaderBytes;
        if (size > largest_item()) {
            throw ipc::PayloadTooLarge(largest_item());
        }
    } catch (...) {
        buffer.truncate(begin);
        throw;
    }
    if (!more) {
        buffer.truncate(begin);
        return false;
    }
    const auto length = static_cast<std::uint32_t>(size);
    std::memcpy(buffer.data() + begin, &length, sizeof length);
    return true;
}

std::size_t Chunks::largest_item() const noexcept {
    return std::min<std::size_t>(pool_->options().max_payload_bytes, UINT32_MAX);
}

void Chunks::fill() {
    while (!source_over_ && chunks_.size() < options_.max_chunks) {
        Reference<Chunk> chunk(new Chunk(*this, pool_->options().max_payload_bytes));
        try {
            if (!encode_chunk(*chunk)) {
                return;
            }
        } catch (...) {
            // What the range gave before still counts; then its error is the last thing the stream
            // says.
            source_error_ = std::current_exception();
            source_over_ = true;
            if (chunk->count == 0) {
                return;
            }
        }
        chunks_.push_back(chunk);
        submit(*chunk);
    }
}

void Chunks::submit(Chunk& chunk) {
    try {
        pool_->submit_chunk(chunk);
    } catch (...) {
        // The pool takes nothing any more: that is the end of the stream.
        source_error_ = std::current_exception();
        source_over_ = true;
        chunks_.remove_if([&chunk](const auto& other) { return other.get() == &chunk; });
    }
}

bool Chunks::find_ready() {
    for (;;) {
        ready_ = options_.ordered ? chunks_.begin()
                                  : std::ranges::find_if(chunks_, [](const auto& chunk) {
                                        return chunk->completed();
                                    });
        if (ready_ == chunks_.end() || !(*ready_)->completed()) {
            return false;
        }
        if ((*ready_)->has_item()) {
            return true;
        }
        chunks_.erase(ready_);
        fill();
    }
}

}  // namespace

void throw_item(const ChunkItem& item) {
    if (item.error) {
        std::rethrow_exception(item.error);
    }
    if (item.kind == ItemKind::kCancelled) {
        throw CancelledError(CancelReason::kRequested);
    }
    ipc::rethrow(ipc::decode<ipc::EncodedException>(item.bytes));
}

std::unique_ptr<ChunkStream> make_chunk_stream(
    std::shared_ptr<Pool> pool,
    const FunctionKey& function,
    std::unique_ptr<ChunkSource> source,
    const MapOptions& options) {
    return std::make_unique<Chunks>(std::move(pool), function, std::move(source), options);
}

}  // namespace aiomisc::detail
