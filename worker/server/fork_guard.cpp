// SPDX-License-Identifier: MIT
#include "fork_guard.h"

#include <cstddef>

#include <sys/mman.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

constexpr std::size_t kPageBytes = 4096;  // the kernel rounds up

}  // namespace

ForkGuard::ForkGuard() noexcept : mark_(&unclearable_mark_) {
    void* page =
        ::mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page != MAP_FAILED && ::madvise(page, kPageBytes, MADV_WIPEONFORK) == 0) {
        mark_ = static_cast<char*>(page);
        *mark_ = 1;
        return;
    }
    if (page != MAP_FAILED) {
        ::munmap(page, kPageBytes);
    }
    process_id_ = ::getpid();
}

ForkGuard::~ForkGuard() {
    if (mark_ != &unclearable_mark_) {
        ::munmap(const_cast<char*>(mark_), kPageBytes);
    }
}

bool ForkGuard::is_other_process() const noexcept {
    return ::getpid() != process_id_;
}

void ForkGuard::end() noexcept {
    ::_exit(0);
}

}  // namespace aiomisc::detail
