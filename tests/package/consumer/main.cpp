// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/loop/event_loop.h>
#include <aiomisc/runtime/task/task.h>

#include <cerrno>
#include <iostream>

namespace {

aiomisc::Task<int> sum_to(int last) {
    if (last == 0) {
        co_return 0;
    }
    co_return last + co_await sum_to(last - 1);
}

}  // namespace

int main() {
    try {
        throw aiomisc::SystemError::from_code(ENOENT, "open", "/nonexistent");
    } catch (const aiomisc::Error& error) {
        std::cout << "caught: " << error.what() << '\n';
    }
    aiomisc::EventLoop loop;
    std::cout << "sum: " << loop.run_until_complete(sum_to(100)) << '\n';
}
