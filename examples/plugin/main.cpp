// SPDX-License-Identifier: MIT
// A program with two services, which knows nothing of its plugins.
#include <aiomisc/aiomisc.h>

#include <cstdio>
#include <memory>
#include <string>

struct Clock : aiomisc::Service {
    [[nodiscard]] std::string name() const override { return "clock"; }

    aiomisc::Task<> start() override {
        std::puts("clock: it is late");
        co_return;
    }
};

struct Cache : aiomisc::Service {
    [[nodiscard]] std::string name() const override { return "cache"; }

    aiomisc::Task<> start() override {
        std::puts("cache: empty");
        co_return;
    }
};

aiomisc::Task<> amain() {
    std::puts("main: at work");
    co_return;
}

int main() {
    return aiomisc::run(amain(), {}, std::make_shared<Clock>(), std::make_shared<Cache>());
}
