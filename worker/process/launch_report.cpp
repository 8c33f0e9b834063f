// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/launch_report.h>

#include <aiomisc/runtime/base/error.h>

#include <new>

#include <sys/mman.h>

namespace aiomisc::process {

LaunchReport::LaunchReport() {
    void* memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) {
        throw SystemError::from_errno("map memory", "launch report");
    }
    shared_ = ::new (memory) Shared;
}

LaunchReport::~LaunchReport() {
    ::munmap(shared_, sizeof(Shared));
}

void LaunchReport::fail(LaunchStep step, int error) noexcept {
    shared_->error.store(error, std::memory_order_relaxed);
    shared_->step.store(static_cast<int>(step), std::memory_order_release);
}

LaunchStep LaunchReport::step() const noexcept {
    return static_cast<LaunchStep>(shared_->step.load(std::memory_order_acquire));
}

int LaunchReport::error() const noexcept {
    return shared_->error.load(std::memory_order_relaxed);
}

}  // namespace aiomisc::process
