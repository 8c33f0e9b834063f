// SPDX-License-Identifier: MIT

// Decodes arbitrary bytes as one of several types, chosen by the first byte. What decodes must
// encode again, to bytes that decode to the same; what does not must fail with an EncodeError and
// nothing else.

#include <aiomisc/ipc/codec/arguments.h>
#include <aiomisc/ipc/codec/codec.h>
#include <aiomisc/ipc/codec/exception_codec.h>
#include <aiomisc/ipc/compression/compression.h>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <filesystem>
#include <list>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <unordered_map>
#include <variant>
#include <vector>

namespace {

using aiomisc::EncodeError;
using Input = std::span<const std::byte>;

enum class Color : std::uint8_t { kRed, kGreen };
enum class Flag : bool { kOff, kOn };

struct Point {
    float x = 0;
    float y = 0;
};

struct Leaf {
    std::string text;
    std::optional<int> number;
    std::vector<Point> points;
    Color color = Color::kRed;
    Flag flag = Flag::kOff;
};

struct Node {
    std::string label;
    std::vector<Node> children;
    std::map<std::string, Node> named;
    std::unique_ptr<Node> next;
    std::shared_ptr<Node> shared;
    std::shared_ptr<std::string> text;
};

struct Json {
    std::variant<
        std::monostate,
        bool,
        double,
        std::string,
        std::vector<Json>,
        std::map<std::string, Json>>
        value;
};

/// With a load() that believes the size it is told.
struct Ring {
    std::vector<Leaf> items;

    template <typename Archive>
    void save(Archive& archive) const {
        archive(cereal::make_size_tag(static_cast<cereal::size_type>(items.size())));
        for (const Leaf& item : items) {
            archive(item);
        }
    }

    template <typename Archive>
    void load(Archive& archive) {
        cereal::size_type size = 0;
        archive(cereal::make_size_tag(size));
        items.resize(size);
        for (Leaf& item : items) {
            archive(item);
        }
    }
};

using Containers = std::tuple<
    std::vector<bool>,
    std::deque<std::string>,
    std::list<std::array<std::string, 2>>,
    std::set<std::u16string>,
    std::unordered_map<int, long double>,
    std::chrono::milliseconds,
    std::filesystem::path,
    std::vector<std::tuple<>>>;

void require(bool condition) {
    if (!condition) {
        std::abort();
    }
}

template <typename T>
aiomisc::ipc::Buffer encode(const T& value) {
    aiomisc::ipc::Buffer buffer;
    aiomisc::ipc::encode(buffer, value);
    return buffer;
}

/// Decodes a T; what comes out must survive another trip. Hash tables may change their order on the
/// way, so sizes are compared, not bytes.
template <typename T>
void decode(Input input) {
    try {
        const auto first = encode(aiomisc::ipc::decode<T>(input));
        const auto second = encode(aiomisc::ipc::decode<T>(first.span()));
        require(first.size() == second.size());
    } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
    }
}

void decode_arguments(Input input) {
    using aiomisc::ipc::Arguments;
    using Call = Arguments<
        int,
        std::string_view,
        const char*,
        std::span<const double>,
        std::span<const std::string>,
        const std::vector<Point>&>;
    try {
        const auto arguments = aiomisc::ipc::decode_arguments<Call>(input);
        double sum = 0;
        for (const double number : std::get<3>(arguments).view()) {
            sum += number;
        }
        require(sum == sum || sum != sum);  // the memory is there
        require(std::string_view(std::get<2>(arguments)).size() <= input.size());
    } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
    }
}

void rethrow(Input input) {
    using aiomisc::ipc::EncodedException;
    try {
        const auto error = aiomisc::ipc::decode<EncodedException>(input);
        const auto again = aiomisc::ipc::encode_exception(aiomisc::ipc::to_exception_ptr(error));
        require(!again.type.empty() || error.type.empty());
    } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
    }
}

void decompress(aiomisc::ipc::Compression method, Input input) {
    static constexpr std::size_t kMaxSize = std::size_t{1} << 20U;
    std::uint32_t expected = 0;
    if (input.size() < sizeof(expected)) {
        return;
    }
    std::memcpy(&expected, input.data(), sizeof(expected));
    try {
        const auto output =
            aiomisc::ipc::decompress(method, input.subspan(sizeof(expected)), expected, kMaxSize);
        require(output.size() == expected);
    } catch (const EncodeError&) {  // NOLINT(bugprone-empty-catch): the other legal outcome
    }
}

}  // namespace

// NOLINTNEXTLINE(readability-identifier-naming): libFuzzer asks for this name
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    if (size == 0) {
        return 0;
    }
    // A copy of exactly this size: reading past it is seen, and blocks are aligned as in a real
    // message.
    const std::vector<std::byte> copy(
        reinterpret_cast<const std::byte*>(data) + 1,
        reinterpret_cast<const std::byte*>(data) + size);
    switch (data[0] % 9) {
        case 0:
            decode<Leaf>(copy);
            break;
        case 1:
            decode<Node>(copy);
            break;
        case 2:
            decode<Json>(copy);
            break;
        case 3:
            decode<Ring>(copy);
            break;
        case 4:
            decode<Containers>(copy);
            break;
        case 5:
            decode_arguments(copy);
            break;
        case 6:
            rethrow(copy);
            break;
        case 7:
            decompress(aiomisc::ipc::Compression::kLz4, copy);
            break;
        default:
            decompress(aiomisc::ipc::Compression::kZstd, copy);
            break;
    }
    return 0;
}
