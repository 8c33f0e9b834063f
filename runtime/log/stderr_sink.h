// SPDX-License-Identifier: MIT
#pragma once

#include <mutex>
#include <string>

#include <spdlog/pattern_formatter.h>
#include <spdlog/sinks/base_sink.h>

namespace aiomisc::log::detail {

/// Writes each record to stderr with one write(2), so that lines of several processes on the same
/// terminal or file do not mix. spdlog's own sinks need up to five for a colored line.
class StderrSink final : public spdlog::sinks::base_sink<std::mutex> {
public:
    /// `pattern` is spdlog's, with `%*` for the level in upper case; what stands between %^ and %$
    /// gets the color of the level if `colored`.
    StderrSink(const std::string& pattern, bool colored);

private:
    void sink_it_(const spdlog::details::log_msg& record) override;

    void flush_() override {}

    bool colored_;
};

}  // namespace aiomisc::log::detail
