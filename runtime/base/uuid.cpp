// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/uuid.h>

#include <chrono>
#include <random>

#include <fmt/format.h>

#include <sys/types.h>
#include <unistd.h>

namespace aiomisc {

namespace {

/// Ticks of 100 ns between 1582-10-15, where UUIDs begin to count, and 1970-01-01.
constexpr std::uint64_t kGregorianTicks = 0x01B21DD213814000;

/// SplitMix64: one addition and three multiplications a number.
class Generator {
public:
    std::uint64_t next() noexcept {
        if (pid_ != ::getpid()) {
            seed();  // the first time, or a forked child with its parent's state
        }
        state_ += 0x9E3779B97F4A7C15;
        std::uint64_t mixed = state_;
        mixed = (mixed ^ (mixed >> 30)) * 0xBF58476D1CE4E5B9;
        mixed = (mixed ^ (mixed >> 27)) * 0x94D049BB133111EB;
        return mixed ^ (mixed >> 31);
    }

    /// After next().
    [[nodiscard]] std::uint64_t node() const noexcept { return node_; }

private:
    void seed() noexcept {
        pid_ = ::getpid();
        std::random_device device;
        const auto word = [&device] {
            return (static_cast<std::uint64_t>(device()) << 32) | device();
        };
        state_ = word();
        node_ = word();
    }

    std::uint64_t state_ = 0;
    std::uint64_t node_ = 0;
    pid_t pid_ = 0;
};

Generator& generator() noexcept {
    static thread_local Generator instance;
    return instance;
}

void put(Uuid& uuid, std::size_t at, std::uint64_t value, std::size_t count) noexcept {
    for (std::size_t index = 0; index < count; ++index) {
        uuid.bytes[at + index] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - index)));
    }
}

void mark(Uuid& uuid, unsigned version) noexcept {
    uuid.bytes[6] = static_cast<std::uint8_t>((uuid.bytes[6] & 0x0FU) | (version << 4));
    uuid.bytes[8] = static_cast<std::uint8_t>((uuid.bytes[8] & 0x3FU) | 0x80U);
}

}  // namespace

Uuid fast_uuid4() noexcept {
    Uuid uuid;
    put(uuid, 0, generator().next(), 8);
    put(uuid, 8, generator().next(), 8);
    mark(uuid, 4);
    return uuid;
}

Uuid fast_uuid1() noexcept {
    using Ticks = std::chrono::duration<std::uint64_t, std::ratio<1, 10'000'000>>;
    const auto since_epoch = std::chrono::system_clock::now().time_since_epoch();
    const std::uint64_t time =
        std::chrono::duration_cast<Ticks>(since_epoch).count() + kGregorianTicks;
    const std::uint64_t sequence = generator().next();
    // The bit that tells a made-up node from a network card's address.
    const std::uint64_t node = generator().node() | (std::uint64_t{1} << 40);
    Uuid uuid;
    put(uuid, 0, time, 4);
    put(uuid, 4, time >> 32, 2);
    put(uuid, 6, time >> 48, 2);
    put(uuid, 8, sequence, 2);
    put(uuid, 10, node, 6);
    mark(uuid, 1);
    return uuid;
}

std::string Uuid::str() const {
    return fmt::format(
        "{:02x}-{:02x}-{:02x}-{:02x}-{:02x}",
        fmt::join(bytes.begin(), bytes.begin() + 4, ""),
        fmt::join(bytes.begin() + 4, bytes.begin() + 6, ""),
        fmt::join(bytes.begin() + 6, bytes.begin() + 8, ""),
        fmt::join(bytes.begin() + 8, bytes.begin() + 10, ""),
        fmt::join(bytes.begin() + 10, bytes.end(), ""));
}

}  // namespace aiomisc
