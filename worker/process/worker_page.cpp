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

struct Claim {
    Sequence started;
    Sequence barred;

    explicit Claim(std::uint64_t word) noexcept
        : started(static_cast<Sequence>(word)), barred(static_cast<Sequence>(word >> 32)) {}

    Claim(Sequence started_call, Sequence barred_call) noexcept
        : started(started_call), barred(barred_call) {}

    [[nodiscard]] std::uint64_t word() const noexcept {
        return (static_cast<std::uint64_t>(barred) << 32) | started;
    }
};

struct Cancel {
    Sequence wanted;
    Sequence finished;

    explicit Cancel(std::uint64_t word) noexcept
        : wanted(static_cast<Sequence>(word)), finished(static_cast<Sequence>(word >> 32)) {}

    Cancel(Sequence wanted_call, Sequence finished_call) noexcept
        : wanted(wanted_call), finished(finished_call) {}

    [[nodiscard]] std::uint64_t word() const noexcept {
        return (static_cast<std::uint64_t>(finished) << 32) | wanted;
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
        if (!sequence_after(call, Claim(word).barred)) {
            return false;
        }
    } while (!header_->claim.compare_exchange_weak(
        word, Claim(call, call).word(), std::memory_order_acq_rel, std::memory_order_acquire));
    return true;
}

Sequence WorkerPage::revoke(Sequence upto) noexcept {
    std::uint64_t word = header_->claim.load(std::memory_order_acquire);
    do {
        if (!sequence_after(upto, Claim(word).barred)) {
            break;
        }
    } while (!header_->claim.compare_exchange_weak(
        word,
        Claim(Claim(word).started, upto).word(),
        std::memory_order_acq_rel,
        std::memory_order_acquire));
    return Claim(word).started;
}

Sequence WorkerPage::started() const noexcept {
    return Claim(header_->claim.load(std::memory_order_acquire)).started;
}

bool WorkerPage::request_cancel(Sequence call) noexcept {
    std::uint64_t word = header_->cancel.load(std::memory_order_acquire);
    do {
        if (!sequence_after(call, Cancel(word).finished)) {
            return false;
        }
    } while (!header_->cancel.compare_exchange_weak(
        word,
        Cancel(call, Cancel(word).finished).word(),
        std::memory_order_acq_rel,
        std::memory_order_acquire));
    return true;
}

bool WorkerPage::worker_finish(Sequence call) noexcept {
    std::uint64_t word = header_->cancel.load(std::memory_order_acquire);
    // What was wanted before moves along, or it would come after this call once numbers have
    // wrapped.
    const auto next = [call](Sequence wanted) {
        return Cancel(sequence_after(wanted, call) ? wanted : call - 1, call).word();
    };
    while (!header_->cancel.compare_exchange_weak(
        word, next(Cancel(word).wanted), std::memory_order_acq_rel, std::memory_order_acquire)) {
    }
    return Cancel(word).wanted == call;
}

bool WorkerPage::cancel_requested(Sequence call) const noexcept {
    return Cancel(header_->cancel.load(std::memory_order_acquire)).wanted == call;
}

std::span<std::byte> WorkerPage::data() noexcept {
    return {reinterpret_cast<std::byte*>(header_ + 1), size_ - sizeof(Header)};
}

std::span<const std::byte> WorkerPage::data() const noexcept {
    return {reinterpret_cast<const std::byte*>(header_ + 1), size_ - sizeof(Header)};
}

}  // namespace aiomisc::process
