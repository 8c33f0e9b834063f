// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/app/context.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/base/unique_function.h>

namespace aiomisc {

namespace {

struct ContextOfLoop final : detail::LoopExtension {
    explicit ContextOfLoop(EventLoop&) {}

    Context* context = nullptr;
};

}  // namespace

struct Context::State {
    explicit State(EventLoop& owner) : loop(owner) {}

    void set(const std::string& key, std::any value) {
        if (closed) {
            return;
        }
        Slot& slot = slots[key];
        if (!slot || slot->settled.is_set()) {
            // Who has awaited the old value so far still gets it.
            slot = std::make_shared<detail::ContextSlot>();
        }
        slot->value = std::move(value);
        slot->settled.set();
        ++statistic.set;
    }

    EventLoop& loop;
    std::map<std::string, Slot, std::less<>> slots;
    ContextStatistic statistic{"context"};
    bool closed = false;
};

const std::any& detail::context_value(
    const ContextSlot& slot, const std::string& key, const std::type_info& wanted) {
    if (slot.closed) {
        throw CancelledError(CancelReason::kShutdown);
    }
    if (slot.value.type() != wanted) {
        throw InvalidStateError(
            "context key " + key + " holds " + demangle(slot.value.type().name()) + ", not " +
            demangle(wanted.name()));
    }
    return slot.value;
}

Context::Context(EventLoop& loop) : state_(std::make_shared<State>(loop)) {
    Context*& current = loop.extension<ContextOfLoop>().context;
    if (current != nullptr) {
        throw InvalidStateError("this loop has a context already");
    }
    current = this;
}

Context::~Context() {
    close();
}

Context::Slot Context::mention(const std::string& key) {
    Slot& slot = state_->slots[key];
    if (!slot) {
        slot = std::make_shared<detail::ContextSlot>();
        if (state_->closed) {
            slot->closed = true;
            slot->settled.set();
        }
    }
    ++state_->statistic.get;
    return slot;
}

void Context::set_any(std::string key, std::any value) {
    EventLoop& loop = state_->loop;
    UniqueFunction<void()> apply =
        [weak = std::weak_ptr(state_), key = std::move(key), value = std::move(value)]() mutable {
            if (const auto state = weak.lock()) {
                state->set(key, std::move(value));
            }
        };
    if (Scheduler::current_or_null() == &loop) {
        loop.call_soon(std::move(apply));
        return;
    }
    try {
        loop.call_soon_threadsafe(std::move(apply));
    } catch (const ClosedError&) {  // NOLINT(bugprone-empty-catch): nobody is left to read it
    }
}

void Context::close() noexcept {
    if (std::exchange(state_->closed, true)) {
        return;
    }
    state_->loop.extension<ContextOfLoop>().context = nullptr;
    for (const auto& [key, slot] : state_->slots) {
        if (!slot->settled.is_set()) {
            slot->closed = true;
            slot->settled.set();
        }
    }
}

Context& get_context() {
    return get_context(EventLoop::current());
}

Context& get_context(EventLoop& loop) {
    if (loop.closed()) {
        throw InvalidStateError("the loop is closed, and its context with it");
    }
    Context* const context = loop.extension<ContextOfLoop>().context;
    if (context == nullptr) {
        throw InvalidStateError("this loop has no context: it belongs to no Entrypoint");
    }
    return *context;
}

}  // namespace aiomisc
