// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/log/record.h>

#include <array>
#include <cstddef>
#include <span>
#include <string_view>

namespace aiomisc::log::detail {

/// Ambient fields of one record: task, worker, call.
class ContextFields {
public:
    /// What is too much is left out. Texts must live as long as what they name: the record is
    /// written while the provider's caller still runs.
    template <typename Given>
    void add(std::string_view key, const Given& value) {
        if (size_ < fields_.size()) {
            fields_[size_++] = Field(key, value);
        }
    }

    [[nodiscard]] std::span<const Field> fields() const noexcept {
        return std::span(fields_).first(size_);
    }

private:
    std::array<Field, 8> fields_;
    std::size_t size_ = 0;
};

/// Called by a thread that logs: adds what this thread is doing. Must not log.
using ContextProvider = void (*)(ContextFields& fields);

/// For the layers above, which know of tasks and workers. At most four; the same one counts once.
///
/// Affinity:  any thread.
void add_context_provider(ContextProvider provider) noexcept;

/// What the providers say now.
void collect_context(ContextFields& fields);

}  // namespace aiomisc::log::detail
