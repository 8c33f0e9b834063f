// SPDX-License-Identifier: MIT
#include "allocation_meter.h"

#include <algorithm>
#include <cstddef>
#include <cstdlib>
#include <new>

#include <malloc.h>

// Replaces the global allocation functions, all but the aligned forms. Each is replaced by itself:
// the default ones of a sanitizer do not call one another.

namespace {

struct Meter {
    std::ptrdiff_t held = 0;
    std::ptrdiff_t peak = 0;
    std::size_t allocations = 0;
};

thread_local Meter meter;

void* allocate(std::size_t size) noexcept {
    void* memory = std::malloc(size == 0 ? 1 : size);
    if (memory != nullptr) {
        meter.held += static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
        meter.peak = std::max(meter.peak, meter.held);
        ++meter.allocations;
    }
    return memory;
}

void release(void* memory) noexcept {
    if (memory != nullptr) {
        meter.held -= static_cast<std::ptrdiff_t>(::malloc_usable_size(memory));
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
