// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/level.h>

#include <syslog.h>

namespace aiomisc::log::detail {

/// As syslog and the journal count.
inline int syslog_priority(Level level) noexcept {
    switch (level) {
        case Level::kCritical:
            return LOG_CRIT;
        case Level::kError:
            return LOG_ERR;
        case Level::kWarning:
            return LOG_WARNING;
        case Level::kInfo:
            return LOG_INFO;
        case Level::kDebug:
        case Level::kNotset:
            break;
    }
    return LOG_DEBUG;
}

}  // namespace aiomisc::log::detail
