// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/runtime/task/task_core.h>
#include <aiomisc/worker/call/shared_area.h>
#include <aiomisc/worker/pool/chunk_stream.h>
#include <aiomisc/worker/pool/options.h>

#include <coroutine>
#include <memory>
#include <optional>
#include <ranges>
#include <tuple>
#include <type_traits>
#include <utility>

namespace aiomisc {

/// The results of WorkerPool::map(), one after the other.
///
/// Memory is bounded by MapOptions::max_chunks: no input is taken while that many chunks are on the
/// way or wait to be read. Destroying the stream cancels what is on the way.
///
/// Affinity:  loop.
template <typename Value>
class MapStream {
public:
    explicit MapStream(std::unique_ptr<detail::ChunkStream> chunks) : chunks_(std::move(chunks)) {}

    /// The next result, or nothing after the last. A call that failed throws here, in its place;
    /// the stream goes on with the next one.
    ///
    /// Cancel:    nothing is consumed: the next next() returns what this one would have.
    /// Errors:    as WorkerPool::create_task(); what the range of inputs threw, which ends the
    /// stream.
    [[nodiscard]] auto next() { return Awaiter(*chunks_); }

private:
    class Awaiter final : public detail::Waiter {
    public:
        explicit Awaiter(detail::ChunkStream& chunks) : chunks_(chunks) {}

        Awaiter(const Awaiter&) = delete;
        Awaiter& operator=(const Awaiter&) = delete;

        ~Awaiter() { chunks_.set_reader(nullptr); }

        [[nodiscard]] bool await_ready() { return chunks_.has_item(); }

        template <typename Promise>
        bool await_suspend(std::coroutine_handle<Promise> handle) noexcept {
            return this->suspend(handle);
        }

        std::optional<detail::Stored<Value>> await_resume() {
            if (this->resumed()) {
                this->throw_cancelled();
            }
            return take(chunks_.take_item());
        }

    private:
        void park() override { chunks_.set_reader(this); }

        bool unpark(CancelReason) noexcept override {
            chunks_.set_reader(nullptr);
            return true;
        }

        detail::ChunkStream& chunks_;
    };

    static std::optional<detail::Stored<Value>> take(std::optional<detail::ChunkItem> item) {
        if (!item) {
            return std::nullopt;
        }
        if (item->kind != detail::ItemKind::kValue) {
            detail::throw_item(*item);
        }
        if constexpr (std::is_void_v<Value>) {
            return std::monostate{};
        } else {
            return ipc::decode<Value>(item->bytes);
        }
    }

    std::unique_ptr<detail::ChunkStream> chunks_;
};

namespace detail {

/// Encodes the items of a range, as arguments of one function.
template <typename Signature, typename Inputs>
class RangeSource final : public ChunkSource {
public:
    explicit RangeSource(Inputs inputs) : inputs_(std::move(inputs)) {}

    bool encode_next(ipc::Buffer& buffer) override {
        if (!begun_) {
            begun_ = true;
            position_.emplace(std::ranges::begin(inputs_));
        } else if (advance_) {
            ++*position_;
        }
        advance_ = false;
        if (*position_ == std::ranges::end(inputs_)) {
            return false;
        }
        advance_ = true;
        encode(buffer, **position_);
        return true;
    }

private:
    template <typename Item>
    static void encode(ipc::Buffer& buffer, Item&& item) {
        if constexpr (Signature::kParameters == 1) {
            Signature::encode(buffer, std::forward<Item>(item));
        } else {
            std::apply(
                [&buffer](auto&&... arguments) {
                    Signature::encode(buffer, std::forward<decltype(arguments)>(arguments)...);
                },
                std::forward<Item>(item));
        }
    }

    Inputs inputs_;
    std::optional<std::ranges::iterator_t<Inputs>> position_;
    bool begun_ = false;
    bool advance_ = false;
};

template <typename Signature, typename Inputs>
MapStream<typename Signature::Result> make_map_stream(
    const std::shared_ptr<Pool>& pool, Inputs inputs, const MapOptions& options) {
    static const FunctionKey key = key_of(Signature::Thunk::kRegistration.thunk());
    return MapStream<typename Signature::Result>(make_chunk_stream(
        pool, key, std::make_unique<RangeSource<Signature, Inputs>>(std::move(inputs)), options));
}

}  // namespace detail

}  // namespace aiomisc
