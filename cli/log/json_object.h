// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace aiomisc::cli {

/// One JSON object on one line, its keys in the order they were set. Keeps the JSON library out of
/// the rest.
///
/// Text that is not UTF-8 is written with U+FFFD in place of what is not.
class JsonObject {
public:
    JsonObject();
    JsonObject(const JsonObject&) = delete;
    JsonObject& operator=(const JsonObject&) = delete;
    ~JsonObject();

    JsonObject& set(std::string_view key, std::string_view value);
    JsonObject& set(std::string_view key, std::int64_t value);
    JsonObject& set(std::string_view key, std::uint64_t value);
    JsonObject& set(std::string_view key, double value);
    /// Text, or if it is not UTF-8, its Base64 under the key with `_b64`.
    JsonObject& set_bytes(std::string_view key, std::string_view value);

    /// As set() by text, for people; if it is not UTF-8, its Base64 as well, under the key with
    /// `_b64`.
    JsonObject& set_text_and_bytes(std::string_view key, std::string_view value);

    JsonObject& set_flag(std::string_view key, bool value);
    JsonObject& set_list(std::string_view key, const std::vector<std::string>& values);

    /// As set_list(); if one of them is not UTF-8, all in Base64 under the key with `_b64`.
    JsonObject& set_bytes_list(std::string_view key, const std::vector<std::string>& values);

    /// In seconds, rounded to milliseconds.
    JsonObject& set_time(std::string_view key, std::chrono::duration<double> time);

    /// The object and a newline.
    [[nodiscard]] std::string line() const;

private:
    struct Content;
    std::unique_ptr<Content> content_;
};

/// UTF-8 text as it stands between the quotes of a JSON string.
std::string json_escaped(std::string_view text);

}  // namespace aiomisc::cli
