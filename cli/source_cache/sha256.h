// SPDX-License-Identifier: MIT
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace aiomisc::cli {

/// A SHA-256 over fields. Each field is preceded by its length, so that moving a byte from one
/// field to the next changes the sum.
class Sha256 {
public:
    Sha256();
    Sha256(const Sha256&) = delete;
    Sha256& operator=(const Sha256&) = delete;
    ~Sha256();

    Sha256& add(std::string_view field);
    Sha256& add(std::uint64_t number);

    using Sum = std::array<unsigned char, 32>;

    /// Nothing can be added afterwards.
    [[nodiscard]] Sum sum();

    /// The sum in hexadecimal. Nothing can be added afterwards.
    [[nodiscard]] std::string hex();

private:
    void update(const void* data, std::size_t size);

    struct State;
    std::unique_ptr<State> state_;
};

}  // namespace aiomisc::cli
