// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/json_object.h>

#include <aiomisc/cli/log/base64.h>
#include <aiomisc/cli/report/printable.h>

#include <algorithm>
#include <cmath>
#include <iterator>

#include <nlohmann/json.hpp>

namespace aiomisc::cli {

struct JsonObject::Content {
    nlohmann::ordered_json object = nlohmann::ordered_json::object();
};

JsonObject::JsonObject() : content_(std::make_unique<Content>()) {}

JsonObject::~JsonObject() = default;

JsonObject& JsonObject::set(std::string_view key, std::string_view value) {
    content_->object[std::string(key)] = value;
    return *this;
}

JsonObject& JsonObject::set(std::string_view key, std::int64_t value) {
    content_->object[std::string(key)] = value;
    return *this;
}

JsonObject& JsonObject::set(std::string_view key, std::uint64_t value) {
    content_->object[std::string(key)] = value;
    return *this;
}

JsonObject& JsonObject::set(std::string_view key, double value) {
    content_->object[std::string(key)] = value;
    return *this;
}

JsonObject& JsonObject::set_bytes(std::string_view key, std::string_view value) {
    return is_utf8(value) ? set(key, value) : set(std::string(key) + "_b64", base64(value));
}

JsonObject& JsonObject::set_text_and_bytes(std::string_view key, std::string_view value) {
    set(key, value);
    return is_utf8(value) ? *this : set_bytes(key, value);
}

JsonObject& JsonObject::set_flag(std::string_view key, bool value) {
    content_->object[std::string(key)] = value;
    return *this;
}

JsonObject& JsonObject::set_list(std::string_view key, const std::vector<std::string>& values) {
    content_->object[std::string(key)] = values;
    return *this;
}

JsonObject& JsonObject::set_bytes_list(
    std::string_view key, const std::vector<std::string>& values) {
    if (std::all_of(values.begin(), values.end(), is_utf8)) {
        return set_list(key, values);
    }
    std::vector<std::string> encoded;
    std::transform(values.begin(), values.end(), std::back_inserter(encoded), base64);
    return set_list(std::string(key) + "_b64", encoded);
}

JsonObject& JsonObject::set_time(std::string_view key, std::chrono::duration<double> time) {
    return set(key, std::round(time.count() * 1000) / 1000);
}

std::string JsonObject::line() const {
    using Json = nlohmann::ordered_json;
    return content_->object.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string json_escaped(std::string_view text) {
    const std::string quoted = nlohmann::json(text).dump();
    return quoted.substr(1, quoted.size() - 2);
}

}  // namespace aiomisc::cli
