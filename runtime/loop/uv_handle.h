// SPDX-License-Identifier: MIT
#pragma once

#include <utility>

#include <uv.h>

namespace aiomisc::detail {

/// A libuv handle on the heap: its memory may go only after the close callback, which is later than
/// the death of whatever C++ object uses it. The object holds a UvHandle*; the loop sets that
/// pointer to null when it closes first.
class UvHandleBase {
public:
    UvHandleBase(const UvHandleBase&) = delete;
    UvHandleBase& operator=(const UvHandleBase&) = delete;

    /// Frees the memory once libuv lets go of the handle.
    void close() noexcept {
        if (owner_slot_ != nullptr) {
            *std::exchange(owner_slot_, nullptr) = nullptr;
        }
        if (uv_is_closing(handle_) == 0) {
            uv_close(handle_, [](uv_handle_t* handle) {
                delete static_cast<UvHandleBase*>(handle->data);
            });
        }
    }

    /// Frees a handle that libuv never took: its init failed.
    static void destroy_unopened(UvHandleBase* handle) noexcept { delete handle; }

    /// Closes every handle of `loop` that is one of ours, as the last act of a loop.
    static void close_all(uv_loop_t* loop) noexcept {
        uv_walk(
            loop,
            [](uv_handle_t* handle, void*) {
                if (handle->data != nullptr) {
                    static_cast<UvHandleBase*>(handle->data)->close();
                }
            },
            nullptr);
    }

protected:
    UvHandleBase(uv_handle_t* handle, UvHandleBase** owner_slot) noexcept
        : owner_slot_(owner_slot), handle_(handle) {}

    virtual ~UvHandleBase() = default;

private:
    UvHandleBase** owner_slot_;
    uv_handle_t* handle_;
};

/// `Uv` with `Owner*` beside it, for callbacks.
template <typename Uv, typename Owner>
class UvHandle final : public UvHandleBase {
public:
    UvHandle(Owner* owner_object, UvHandleBase** owner_slot) noexcept
        : UvHandleBase(reinterpret_cast<uv_handle_t*>(&uv), owner_slot), owner(owner_object) {
        // Here, not in the base: initializing `uv` cleared it.
        uv.data = static_cast<UvHandleBase*>(this);
    }

    static UvHandle& of(Uv* uv) noexcept {
        return *static_cast<UvHandle*>(static_cast<UvHandleBase*>(uv->data));
    }

    Uv uv{};
    Owner* owner;
};

}  // namespace aiomisc::detail
