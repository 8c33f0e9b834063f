// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/di/injectable.h>

namespace aiomisc {

void Injector::add(detail::Binding binding) {
    std::erase_if(bindings_, [&binding](const detail::Binding& earlier) {
        return earlier.member == binding.member;
    });
    bindings_.push_back(std::move(binding));
}

}  // namespace aiomisc
