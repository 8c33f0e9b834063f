// SPDX-License-Identifier: MIT
#include "allocation_meter.h"

#include <aiomisc/runtime/base/compiler.h>

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

#if defined(AIOMISC_ADDRESS_SANITIZER) || defined(AIOMISC_THREAD_SANITIZER)
#define AIOMISC_SANITIZER_HOOKS 1
#include <sanitizer/allocator_interface.h>
#else
#include <malloc.h>
#endif

// A sanitizer brings its own operator new, and a hook to watch it. Without one the global functions
// are replaced here, all but the aligned forms.

namespace {

struct Meter {
    std::ptrdiff_t held = 0;
    std::ptrdiff_t peak = 0;
    std::size_t allocations = 0;
};

thread_local Meter meter;

void count_allocation(std::size_t size) noexcept {
    meter.held += static_cast<std::ptrdiff_t>(size);
    meter.peak = std::max(meter.peak, meter.held);
    ++meter.allocations;
}

void count_release(std::size_t size) noexcept {
    meter.held -= static_cast<std::ptrdiff_t>(size);
}

}  // namespace

#ifdef AIOMISC_SANITIZER_HOOKS

namespace {

[[maybe_unused]] const int kHooks = __sanitizer_install_malloc_and_free_hooks(
    [](const volatile void* /*memory*/, std::size_t size) { count_allocation(size); },
    [](const volatile void* memory) {
        count_release(__sanitizer_get_allocated_size(const_cast<const void*>(memory)));
    });

}  // namespace

#else

namespace {

void* allocate(std::size_t size) noexcept {
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory != nullptr) {
        count_allocation(::malloc_usable_size(memory));
    }
    return memory;
}

void release(void* memory) noexcept {
    if (memory != nullptr) {
        count_release(::malloc_usable_size(memory));
        std::free(memory);
    }
}

}  // namespace

void* operator new(std::size_t size) {
    if (void* memory = allocate(size)) {
        return memory;
    }
    throw std::bad_alloc();
}

void* operator new[](std::size_t size) {
    return operator new(size);
}

void* operator new(std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return allocate(size);
}

void* operator new[](std::size_t size, const std::nothrow_t& /*tag*/) noexcept {
    return allocate(size);
}

void operator delete(void* memory) noexcept {
    release(memory);
}

void operator delete[](void* memory) noexcept {
    release(memory);
}

void operator delete(void* memory, std::size_t /*size*/) noexcept {
    release(memory);
}

void operator delete[](void* memory, std::size_t /*size*/) noexcept {
    release(memory);
}

void operator delete(void* memory, const std::nothrow_t& /*tag*/) noexcept {
    release(memory);
}

void operator delete[](void* memory, const std::nothrow_t& /*tag*/) noexcept {
    release(memory);
}

#endif

namespace aiomisc::test {

AllocationMeter::AllocationMeter() noexcept {
    meter = Meter();
}

std::size_t AllocationMeter::peak_bytes() const noexcept {
    return static_cast<std::size_t>(std::max<std::ptrdiff_t>(meter.peak, 0));
}

std::size_t AllocationMeter::allocations() const noexcept {
    return meter.allocations;
}

}  // namespace aiomisc::test
