// SPDX-License-Identifier: MIT
#include "time_text.h"

#include "delivery.h"

#include <mutex>

namespace aiomisc::log::detail {

std::string_view TimeText::of(std::chrono::system_clock::time_point time) {
    const std::time_t second =
        std::chrono::system_clock::to_time_t(std::chrono::floor<std::chrono::seconds>(time));
    if (second != second_ || text_.empty()) {
        const std::lock_guard lock(c_library_mutex());
        std::tm fields{};
        ::localtime_r(&second, &fields);
        char text[256];
        // Zero when it does not fit, or when the pattern gives nothing: no date then.
        text_.assign(text, std::strftime(text, sizeof text, pattern_.c_str(), &fields));
        second_ = second;
    }
    return text_;
}

}  // namespace aiomisc::log::detail
