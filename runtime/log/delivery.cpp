// SPDX-License-Identifier: MIT
#include "delivery.h"

namespace aiomisc::log::detail {

namespace {

thread_local const InsideSink* innermost = nullptr;

}  // namespace

InsideSink::InsideSink(const Sink* sink) noexcept : sink_(sink), outer_(innermost) {
    innermost = this;
}

InsideSink::~InsideSink() {
    innermost = outer_;
}

bool InsideSink::contains(const Sink* sink) noexcept {
    for (const InsideSink* place = innermost; place != nullptr; place = place->outer_) {
        if (sink == nullptr || place->sink_ == sink) {
            return true;
        }
    }
    return false;
}

}  // namespace aiomisc::log::detail
