// SPDX-License-Identifier: MIT
#include <aiomisc/cli/results/result_name.h>

#include <aiomisc/cli/source_cache/sha256.h>

#include <fmt/format.h>

namespace aiomisc::cli {
namespace {

bool is_control(char c) {
    const auto byte = static_cast<unsigned char>(c);
    return byte < 0x20 || byte == 0x7f;
}

// A character that takes several bytes is not cut in two.
std::size_t character_boundary(std::string_view text, std::size_t at) {
    while (at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0U) == 0x80) {
        --at;
    }
    return at;
}

}  // namespace

std::string escape_name(std::string_view item) {
    if (item.empty()) {
        return "\\e";
    }
    std::string name = item.front() == '.' ? "\\" : "";
    for (const char c : item) {
        if (c == '/') {
            name += "\\_";
        } else if (c == '\\') {
            name += "\\\\";
        } else if (is_control(c)) {
            name += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            name += c;
        }
    }
    return name;
}

std::string fit_name(std::string name, std::size_t limit) {
    if (name.size() <= limit) {
        return name;
    }
    const std::string mark = "\\#" + Sha256().add(name).hex();
    return name.substr(0, character_boundary(name, limit - mark.size())) + mark;
}

}  // namespace aiomisc::cli
