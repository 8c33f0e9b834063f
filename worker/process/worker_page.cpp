// SPDX-License-Identifier: MIT
#include <aiomisc/worker/process/worker_page.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/worker/process/memory_file.h>

#include <new>

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>

namespace aiomisc::process {

namespace {

/// Both halves of one of the page's words; what they mean, worker_page.h tells.
struct Halves {
    Sequence low;   // started, or wanted
    Sequence high;  // barred, or finished

    explicit Halves(std::uint64_t word) noexcept
        : low(static_cast<Sequence>(word)), high(static_cast<Sequence>(word >> 32)) {}

    Halves(Sequence low_half, Sequence high_half) noexcept : low(low_half), high(high_half) {}

    [[nodiscard]] std::uint64_t word() const noexcept {
        return (static_cast<std::uint64_t>(high) << 32) | low;
    }
};

void* map_shared(const UniqueFd& file, std::size_t size) {
    void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
    if (memory == MAP_FAILED) {
        throw SystemError::from_errno("map memory", "worker page");
    }
    return memory;
}

}  // namespace

std::pair<WorkerPage, UniqueFd> WorkerPage::create(std::size_t data_bytes) {
    const std::size_t size = sizeof(Header) + data_bytes;
    UniqueFd file = make_memory_file("aiomisc-page", size);
    auto* header = ::new (map_shared(file, size)) Header;
    return {WorkerPage(header, size), std::move(file)};
}

WorkerPage WorkerPage::map(const UniqueFd& file) {
    struct stat status{};
    const int seals = ::fcntl(file.get(), F_GET_SEALS);
    if (seals < 0 || (seals & F_SEAL_SHRINK) == 0 || ::fstat(file.get(), &status) != 0 ||
        static_cast<std::size_t>(status.st_size) < sizeof(Header)) {
        throw ProtocolError("descriptor is not a worker page");
    }
    const auto size = static_cast<std::size_t>(status.st_size);
    WorkerPage page(static_cast<Header*>(map_shared(file, size)), size);
    if (page.header_->magic != Header::kMagic) {
        throw ProtocolError("memory file is not a worker page");
    }
    return page;
}

WorkerPage::~WorkerPage() {
    if (header_ != nullptr) {
        ::munmap(header_, size_);
    }
}

bool WorkerPage::worker_claim(Sequence call) noexcept {
    std::uint64_t word = header_->claim.load(std::memory_order_acquire);
    do {
        if (!sequence_after(call, Halves(word).high)) {
            return false;
        }
    } while (!header_->claim.compare_exchange_weak(
        word, Halves(call, call).word(), std::memory_order_acq_rel, std::memory_order_acquire));
    return true;
}

Sequence WorkerPage::revoke(Sequence upto) noexcept {
    std::uint64_t word = header_->claim.load(std::memory_order_acquire);
    do {
        if (!sequence_after(upto, Halves(word).high)) {
            break;
        }
    } while (!header_->claim.compare_exchange_weak(
        word,
        Halves(Halves(word).low, upto).word(),
        std::memory_order_acq_rel,
        std::memory_order_acquire));
    return Halves(word).low;
}

Sequence WorkerPage::started() const noexcept {
    return Halves(header_->claim.load(std::memory_order_acquire)).low;
}

bool WorkerPage::request_cancel(Sequence call) noexcept {
    std::uint64_t word = header_->cancel.load(std::memory_order_acquire);
    do {
        if (!sequence_after(call, Halves(word).high)) {
            return false;
        }
    } while (!header_->cancel.compare_exchange_weak(
        word,
        Halves(call, Halves(word).high).word(),
        std::memory_order_acq_rel,
        std::memory_order_acquire));
    return true;
}

bool WorkerPage::worker_finish(Sequence call) noexcept {
    std::uint64_t word = header_->cancel.load(std::memory_order_acquire);
    // What was wanted before moves along, or it would come after this call once numbers have
    // wrapped.
    const auto next = [call](Sequence wanted) {
        return Halves(sequence_after(wanted, call) ? wanted : call - 1, call).word();
    };
    while (!header_->cancel.compare_exchange_weak(
        word, next(Halves(word).low), std::memory_order_acq_rel, std::memory_order_acquire)) {
    }
    return Halves(word).low == call;
}

bool WorkerPage::cancel_requested(Sequence call) const noexcept {
    return Halves(header_->cancel.load(std::memory_order_acquire)).low == call;
}

std::span<std::byte> WorkerPage::data() noexcept {
    return {reinterpret_cast<std::byte*>(header_ + 1), size_ - sizeof(Header)};
}

std::span<const std::byte> WorkerPage::data() const noexcept {
    return {reinterpret_cast<const std::byte*>(header_ + 1), size_ - sizeof(Header)};
}

}  // namespace aiomisc::process
