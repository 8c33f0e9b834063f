// SPDX-License-Identifier: MIT
#include <aiomisc/ipc/codec/error_category.h>

#include <cstddef>
#include <functional>
#include <future>
#include <ios>
#include <map>
#include <mutex>
#include <string>
#include <system_error>
#include <utility>

namespace aiomisc::ipc::detail {

namespace {

/// Stands in for a category that this process does not know.
class RemoteCategory final : public std::error_category {
public:
    explicit RemoteCategory(std::string name) : name_(std::move(name)) {}

    [[nodiscard]] const char* name() const noexcept override { return name_.c_str(); }

    [[nodiscard]] std::string message(int code) const override {
        return name_ + " error " + std::to_string(code);
    }

private:
    std::string name_;
};

}  // namespace

const std::error_category& error_category_named(const std::string& name) {
    for (const std::error_category* known :
         {&std::generic_category(),
          &std::system_category(),
          &std::iostream_category(),
          &std::future_category()}) {
        if (name == known->name()) {
            return *known;
        }
    }
    static constexpr std::size_t kMaxCategories = 64;
    static constexpr std::size_t kMaxNameBytes = 256;
    static const RemoteCategory& other = *new RemoteCategory("remote");
    static auto& categories = *new std::map<std::string, RemoteCategory, std::less<>>();
    static std::mutex mutex;

    const std::lock_guard lock(mutex);
    if (const auto at = categories.find(name); at != categories.end()) {
        return at->second;
    }
    if (categories.size() == kMaxCategories || name.size() > kMaxNameBytes) {
        return other;
    }
    return categories.try_emplace(name, name).first->second;
}

}  // namespace aiomisc::ipc::detail
