// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/argument_traits.h>

#include <string_view>
#include <type_traits>
#include <utility>

// The words of an AIOMISC_JOB declaration: param(), about(), init(), worker_init().

namespace aiomisc::job {

/// A parameter with the value it has when it is not given.
template <typename Default>
struct OptionalParam {
    std::string_view name;
    std::string_view about;
    Default default_value;
};

/// A parameter that must be given, until a default is assigned to it.
struct Param {
    std::string_view name;
    std::string_view about;

    template <typename Default>
    OptionalParam<std::decay_t<Default>> operator=(Default&& default_value)
        const {  // NOLINT(misc-unconventional-assign-operator): declares a default
        return {name, about, std::forward<Default>(default_value)};
    }
};

/// Names the next parameter of the job function: `param("size", "longest side in pixels") = 256`.
///
/// Both texts must live as long as the module: string literals.
constexpr Param param(std::string_view name, std::string_view about = {}) {
    return {name, about};
}

struct About {
    std::string_view text;
};

/// One sentence about the job, for --describe.
constexpr About about(std::string_view text) {
    return {text};
}

struct Init {
    void (*function)();
};

/// Runs `function` once in the supervisor, before workers are forked: what it loads, they share.
constexpr Init init(void (*function)()) {
    return {function};
}

struct WorkerInit {
    void (*function)();
};

/// Runs `function` once in every worker: for what cannot be shared, such as a connection.
constexpr WorkerInit worker_init(void (*function)()) {
    return {function};
}

}  // namespace aiomisc::job
