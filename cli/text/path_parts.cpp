// SPDX-License-Identifier: MIT
#include <aiomisc/cli/text/path_parts.h>

namespace aiomisc::cli {
namespace {

std::string_view without_trailing_slashes(std::string_view path) noexcept {
    while (path.size() > 1 && path.back() == '/') {
        path.remove_suffix(1);
    }
    return path;
}

}  // namespace

std::string_view without_extension(std::string_view path) noexcept {
    const std::size_t end = path.find_last_of("./");
    return end == std::string_view::npos || path[end] == '/' ? path : path.substr(0, end);
}

std::string_view base_name(std::string_view path) noexcept {
    return path.substr(path.rfind('/') + 1);
}

std::string_view directory(std::string_view path) noexcept {
    path = without_trailing_slashes(path);
    const std::size_t slash = path.rfind('/');
    if (slash == std::string_view::npos) {
        return ".";
    }
    return without_trailing_slashes(path.substr(0, slash + 1));
}

}  // namespace aiomisc::cli
