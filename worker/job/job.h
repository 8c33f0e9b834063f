// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/worker/job/descriptor.h>
#include <aiomisc/worker/job/function_job.h>
#include <aiomisc/worker/job/parameter.h>

// Declares what a source or shared object offers to aiomisc-run. A module with a job function alone
// needs nothing of the library at link time.
//
//     int thumbnail(const std::filesystem::path& src, const std::filesystem::path& dst, int size);
//
//     AIOMISC_JOB(thumbnail,
//         about("Scales a photograph down to fit a square."),
//         param("src", "the photograph"),
//         param("dst", "the JPEG file to write"),
//         param("size", "longest side in pixels") = 256)
//
//     aiomisc-run thumbnail.cpp size=128 src={} dst=out/{/.}.jpg ::: *.jpg

namespace aiomisc::job::detail {

// Hidden, so that each module has its own: the dynamic linker would make one of all modules'
// otherwise.
[[gnu::visibility("hidden")]] inline constinit Module this_module;

struct [[gnu::visibility("hidden")]] Registration {
    explicit Registration(const Job& job) noexcept { this_module.job = &job; }

    explicit Registration(MainFunction main) noexcept { this_module.main = main; }
};

}  // namespace aiomisc::job::detail

/// The one symbol that a module exports.
extern "C" [[gnu::visibility("default"), gnu::used]] inline const aiomisc::job::Module*
aiomisc_job_module_v1() noexcept {
    return &aiomisc::job::detail::this_module;
}

// The note's name has C linkage, so that a second declaration in the same module does not link.
#define AIOMISC_DETAIL_MODULE_NOTE(symbol, offered)                                               \
    extern "C" [[gnu::visibility("hidden"), gnu::used, gnu::section(".note.aiomisc")]] alignas(4) \
        const ::aiomisc::job::Note symbol{.content = {.offers = ::aiomisc::job::offered}};

/// Offers `function` as the module's job: run once for each item, in warm worker processes.
///
/// After the function come, in its order, one param("name", "text") for each of its parameters,
/// with `= value` for a default; and, anywhere, about("…"), init(f) and worker_init(f). A parameter
/// is what ArgumentTraits can read, by value or const reference; a std::optional of it need not be
/// given, a std::vector of it may be given many times. A first parameter `JobContext&` is not
/// named.
///
/// The function returns its exit status, 0 to 125, or nothing. What it throws makes the job fail
/// with that text. A module has one job.
#define AIOMISC_JOB(function, ...)                                                           \
    AIOMISC_DETAIL_MODULE_NOTE(kAiomiscJobNote, kOffersJob)                                  \
    [[gnu::used]] static const ::aiomisc::job::detail::Registration kAiomiscJobRegistration( \
        []() -> const ::aiomisc::job::Job& {                                                 \
            using namespace ::aiomisc::job; /* param(), about(), init(), worker_init() */    \
            static const ::aiomisc::job::detail::FunctionJob<&function> job(                 \
                #function __VA_OPT__(, ) __VA_ARGS__);                                       \
            return job;                                                                      \
        }());

/// Offers `function`, a `Task<int> function(JobArguments)`, as the main coroutine of a job script.
///
/// It runs in the launcher's own loop; its value is the exit status. A module has one such.
#define AIOMISC_MAIN(function)                                                                \
    AIOMISC_DETAIL_MODULE_NOTE(kAiomiscMainNote, kOffersMain)                                 \
    [[gnu::used]] static const ::aiomisc::job::detail::Registration kAiomiscMainRegistration( \
        ::aiomisc::job::MainFunction{&function});
