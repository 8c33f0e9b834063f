// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/thread/thread_crew.h>

#include <algorithm>
#include <system_error>
#include <utility>

#include <pthread.h>

namespace aiomisc::detail {

namespace {

void set_thread_name(const std::string& name) noexcept {
    ::pthread_setname_np(::pthread_self(), name.substr(0, ThreadCrew::kLongestName).c_str());
}

template <typename Body>
std::thread make_thread(const std::string& name, Body&& body) {
    try {
        return std::thread(std::forward<Body>(body));
    } catch (const std::system_error& error) {
        throw SystemError::from_code(error.code().value(), "start thread", name);
    }
}

}  // namespace

ThreadCrew::~ThreadCrew() {
    // Nothing to wait for: a thread that runs holds a reference, unless it is the calling one.
    for (Member& member : members_) {
        if (member.thread.joinable()) {
            member.thread.detach();
        }
    }
}

void ThreadCrew::start(std::string name, UniqueFunction<void()> body) {
    join_ended();
    const std::lock_guard lock(mutex_);
    const auto place = members_.emplace(members_.end());
    try {
        place->thread = make_thread(
            name, [crew = shared_from_this(), place, name, body = std::move(body)]() mutable {
                set_thread_name(name);
                body();
                body.reset();
                crew->ended(place);
            });
    } catch (...) {
        members_.erase(place);
        throw;
    }
    ++running_;
}

void ThreadCrew::start_detached(std::string name, UniqueFunction<void()> body) {
    make_thread(name, [name, body = std::move(body)]() mutable {
        set_thread_name(name);
        body();
    }).detach();
}

std::size_t ThreadCrew::size() const {
    const std::lock_guard lock(mutex_);
    return running_;
}

void ThreadCrew::ended(Members::iterator member) noexcept {
    Callbacks callbacks;
    {
        // The lock is also that of start(): it has stored the thread by now.
        const std::lock_guard lock(mutex_);
        member->ended = true;
        if (member->thread.joinable()) {
            callbacks = count_down();
        } else {
            members_.erase(member);
        }
        one_ended_.notify_all();
    }
    for (auto& callback : callbacks) {
        callback();
    }
}

ThreadCrew::Callbacks ThreadCrew::count_down() noexcept {
    return --running_ == 0 ? std::exchange(callbacks_, {}) : Callbacks();
}

void ThreadCrew::join_ended() noexcept {
    Members ended;
    {
        const std::lock_guard lock(mutex_);
        for (auto member = members_.begin(); member != members_.end();) {
            const auto next = std::next(member);
            if (member->ended) {
                ended.splice(ended.end(), members_, member);
            }
            member = next;
        }
    }
    for (Member& member : ended) {
        member.thread.join();
    }
}

std::size_t ThreadCrew::join(Duration limit) noexcept {
    std::size_t left = 0;
    std::vector<Callbacks> callbacks;
    {
        std::unique_lock lock(mutex_);
        const auto is_self = [](const Member& member) {
            return member.thread.get_id() == std::this_thread::get_id();
        };
        const auto own = static_cast<std::size_t>(std::ranges::count_if(members_, is_self));
        one_ended_.wait_for(lock, limit, [this, own] { return running_ <= own; });
        for (Member& member : members_) {
            if (!member.ended && member.thread.joinable()) {
                left += is_self(member) ? 0 : 1;
                member.thread.detach();
                callbacks.push_back(count_down());
            }
        }
    }
    for (auto& of_one : callbacks) {
        for (auto& callback : of_one) {
            callback();
        }
    }
    join_ended();
    return left;
}

void ThreadCrew::when_all_ended(UniqueFunction<void()> callback) {
    {
        const std::lock_guard lock(mutex_);
        if (running_ > 0) {
            callbacks_.push_back(std::move(callback));
            return;
        }
    }
    callback();
}

}  // namespace aiomisc::detail
