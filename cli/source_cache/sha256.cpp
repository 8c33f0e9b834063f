// SPDX-License-Identifier: MIT
#include <aiomisc/cli/source_cache/sha256.h>

#include <aiomisc/runtime/base/error.h>

#include <array>

#include <openssl/evp.h>

namespace aiomisc::cli {
namespace {

void check(int openssl_status) {
    if (openssl_status != 1) {
        throw Error("libcrypto cannot compute SHA-256");
    }
}

}  // namespace

struct Sha256::State {
    struct Deleter {
        void operator()(EVP_MD_CTX* owned) const noexcept { ::EVP_MD_CTX_free(owned); }
    };

    std::unique_ptr<EVP_MD_CTX, Deleter> context{::EVP_MD_CTX_new()};
};

Sha256::Sha256() : state_(std::make_unique<State>()) {
    check(::EVP_DigestInit_ex(state_->context.get(), ::EVP_sha256(), nullptr));
}

Sha256::~Sha256() = default;

void Sha256::update(const void* data, std::size_t size) {
    check(::EVP_DigestUpdate(state_->context.get(), data, size));
}

Sha256& Sha256::add(std::string_view field) {
    add(std::uint64_t{field.size()});
    update(field.data(), field.size());
    return *this;
}

Sha256& Sha256::add(std::uint64_t number) {
    std::array<unsigned char, 8> bytes{};
    for (auto& byte : bytes) {
        byte = static_cast<unsigned char>(number);
        number >>= 8;
    }
    update(bytes.data(), bytes.size());
    return *this;
}

Sha256::Sum Sha256::sum() {
    Sum sum{};
    check(::EVP_DigestFinal_ex(state_->context.get(), sum.data(), nullptr));
    return sum;
}

std::string Sha256::hex() {
    constexpr const char* kDigits = "0123456789abcdef";
    std::string text;
    for (const unsigned char byte : sum()) {
        text += kDigits[byte >> 4];
        text += kDigits[byte & 15];
    }
    return text;
}

}  // namespace aiomisc::cli
