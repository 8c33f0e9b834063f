// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/arguments.h>

#include "allocation_meter.h"
#include "support/catch.h"

#include <cstddef>
#include <filesystem>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

using aiomisc::EncodeError;
using aiomisc::ipc::Argument;
using aiomisc::ipc::Arguments;
using aiomisc::ipc::Buffer;
using aiomisc::ipc::call_with;
using aiomisc::ipc::DecodableArgument;
using aiomisc::ipc::decode_arguments;
using aiomisc::ipc::encode_arguments;
using aiomisc::test::contains;
namespace fs = std::filesystem;

namespace {

struct Box {
    int width = 0;
    int height = 0;
};

/// Does what a call to another process does, but for the process.
template <typename Result, typename... Parameters, typename... Values>
Result call(Result (*function)(Parameters...), Values&&... values) {
    Buffer buffer;
    encode_arguments<Parameters...>(buffer, std::forward<Values>(values)...);
    auto arguments = decode_arguments<Arguments<Parameters...>>(buffer.span());
    return call_with<Parameters...>(function, arguments);
}

template <typename T>
bool lies_within(std::span<const std::byte> memory, const T* address) {
    const auto* at = reinterpret_cast<const std::byte*>(address);
    return at >= memory.data() && at <= memory.data() + memory.size();
}

}  // namespace

static_assert(DecodableArgument<const std::string&> && DecodableArgument<std::string_view>);
static_assert(DecodableArgument<const char*> && DecodableArgument<std::span<const double>>);
static_assert(DecodableArgument<std::vector<int>&&> && DecodableArgument<Box&>);
static_assert(!DecodableArgument<int*> && !DecodableArgument<std::span<double>>);
static_assert(std::is_same_v<Argument<const fs::path&>, fs::path>);

TEST_CASE("arguments arrive in the parameters of a function", "[ipc][codec]") {
    const auto describe = +[](const fs::path& source, Box box, double factor, bool flag) {
        return source.string() + ' ' + std::to_string(box.width * box.height) + ' ' +
               std::to_string(static_cast<int>(factor)) + (flag ? " yes" : " no");
    };
    CHECK(call(describe, fs::path("/a"), Box{2, 3}, 4.0, true) == "/a 6 4 yes");
    CHECK(call(+[] { return 1; }) == 1);
}

TEST_CASE("arguments are converted as in a direct call", "[ipc][codec]") {
    CHECK(call(+[](double number) { return number / 2; }, 3) == 1.5);
    CHECK(call(+[](std::string text) { return text; }, "literal") == "literal");
    CHECK(call(+[](const fs::path& path) { return path; }, "a/b") == fs::path("a/b"));
    CHECK(call(+[](fs::path path) { return path; }, std::string("a/b")) == fs::path("a/b"));
    CHECK(call(+[](std::string_view text) { return text.size(); }, std::string("four")) == 4U);
    CHECK(call(+[](const char* text) { return std::string(text); }, "c string") == "c string");
    CHECK(call(+[](std::string text) { return text; }, static_cast<const char*>("p")) == "p");
    const std::vector<int> numbers{1, 2, 3};
    CHECK(call(+[](std::span<const int> view) { return view.back(); }, numbers) == 3);
    CHECK(
        call(
            +[](std::span<const std::string> view) { return view[0]; },
            std::vector<std::string>{"s"}) == "s");
}

TEST_CASE("a parameter may take its argument over or change it", "[ipc][codec]") {
    const auto take = +[](std::unique_ptr<std::string> text) { return *text; };
    CHECK(call(take, std::make_unique<std::string>("moved")) == "moved");
    const auto change = +[](std::vector<int>& numbers) {
        numbers.push_back(1);
        return numbers.size();
    };
    std::vector<int> original(3);
    CHECK(call(change, original) == 4U);
    CHECK(original.size() == 3);
    CHECK(call(+[](std::string&& text) { return std::string(std::move(text)); }, "x") == "x");
}

TEST_CASE("views see the encoded bytes without a copy", "[ipc][codec]") {
    Buffer buffer;
    const std::string text(10'000, 't');
    const std::vector<double> numbers(10'000, 1.5);
    encode_arguments<std::string_view, std::span<const double>>(buffer, text, numbers);

    const aiomisc::test::AllocationMeter meter;
    const auto arguments =
        decode_arguments<Arguments<std::string_view, std::span<const double>>>(buffer.span());
    CHECK(meter.allocations() == 0);
    CHECK(std::get<0>(arguments) == text);
    CHECK(lies_within(buffer.span(), std::get<0>(arguments).data()));
    CHECK(std::get<1>(arguments).view()[9999] == 1.5);
    CHECK(lies_within(buffer.span(), std::get<1>(arguments).view().data()));
}

TEST_CASE("a span over unaligned input is a copy that survives being moved", "[ipc][codec]") {
    Buffer buffer;
    buffer.append("#", 1);
    encode_arguments<std::span<const double>>(buffer, std::vector<double>{1, 2});
    const auto input = buffer.span().subspan(1);
    auto arguments = decode_arguments<Arguments<std::span<const double>>>(input);
    const auto moved = std::move(arguments);
    CHECK_FALSE(lies_within(input, std::get<0>(moved).view().data()));
    CHECK(std::get<0>(moved).view()[1] == 2);
}

TEST_CASE("an error names the argument", "[ipc][codec][F72][F73]") {
    Buffer buffer;
    const char* null = nullptr;
    const auto encode_null = [&] { encode_arguments<int, std::string>(buffer, 1, null); };
    CHECK_THROWS_WITH(
        encode_null(), contains("cannot encode argument 2, char const*: is a null pointer"));
    CHECK(buffer.empty());

    encode_arguments<int, std::string>(buffer, 1, "text");
    const auto cut = buffer.span().first(buffer.size() - 1);
    CHECK_THROWS_WITH(
        (decode_arguments<Arguments<int, std::string>>(cut)),
        contains("cannot decode argument 2, std::string at byte 12 of 15"));
    CHECK_THROWS_AS((decode_arguments<Arguments<int>>(buffer.span())), EncodeError);
    CHECK_THROWS_WITH(
        (decode_arguments<Arguments<int>>(buffer.span())),
        contains("12 bytes are left behind the last value"));
}
