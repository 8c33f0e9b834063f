// SPDX-License-Identifier: MIT
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

// What passes between a job module and the program that loads it.
//
// A module is a shared object with an ELF note, which says without running any of its code that it
// is one and for which version of this page it was built, and one exported function,
// `aiomisc_job_module_v1`, which returns its Module. Both sides are compiled from this header, each
// with its own compiler: change anything here and kModuleAbi changes with it.

namespace aiomisc {

template <typename Value>
class Task;
class WorkerPool;

/// What the main coroutine of a job script is given.
struct JobArguments {
    std::vector<std::string> words;  ///< the words after the script
    WorkerPool& pool;                ///< started, as large as --jobs says; the launcher closes it
};

/// What a job sees of its run. A job function may take it as its first parameter.
///
/// Affinity:  the worker's one thread, while the job runs.
class JobContext {
public:
    JobContext(const JobContext&) = delete;
    JobContext& operator=(const JobContext&) = delete;

    /// Tells how much is done, from 0 to 1; the launcher's progress bar moves by it.
    virtual void progress(double fraction) = 0;

    /// Whether the job was asked to end: it should clean up and return.
    [[nodiscard]] virtual bool stop_requested() const = 0;

    /// 1 the first time, 2 on the first retry.
    [[nodiscard]] virtual int attempt() const = 0;

    /// The number of the job, from 1, in the order of the input.
    [[nodiscard]] virtual std::uint64_t sequence() const = 0;

protected:
    JobContext() = default;
    ~JobContext() = default;
};

namespace job {

inline constexpr std::uint32_t kModuleAbi = 1;

/// A parameter of a job, for help texts and for matching words with it.
struct ParameterInfo {
    std::string_view name;
    std::string_view type;           ///< "integer", "path", "box|bicubic", …
    std::string_view about;          ///< may be empty
    std::string_view default_value;  ///< empty if required
    bool required = true;
    bool repeatable = false;  ///< a list: may be given any number of times
};

/// One argument: the text for the parameter with that index.
struct Argument {
    std::size_t parameter = 0;
    std::string_view text;
};

/// A job function with its parameters.
class Job {
public:
    Job(const Job&) = delete;
    Job& operator=(const Job&) = delete;

    [[nodiscard]] virtual std::string_view name() const noexcept = 0;
    [[nodiscard]] virtual std::string_view about() const noexcept = 0;
    [[nodiscard]] virtual std::span<const ParameterInfo> parameters() const noexcept = 0;

    /// Converts `text` for one parameter and drops the value.
    /// Errors:    ArgumentError.
    virtual void check(std::size_t parameter, std::string_view text) const = 0;

    /// Once in the supervisor, before workers are forked. Does nothing if the job has none.
    virtual void init() const = 0;

    /// Once in every worker. Does nothing if the job has none.
    virtual void worker_init() const = 0;

    /// Errors:    ArgumentError (missing or unconvertible), and what the job throws.
    virtual int run(JobContext& context, std::span<const Argument> arguments) const = 0;

protected:
    Job() = default;
    ~Job() = default;
};

using MainFunction = Task<int> (*)(JobArguments arguments);

/// What a module offers; `nullptr` for what it does not.
struct Module {
    std::uint32_t abi = kModuleAbi;
    const Job* job = nullptr;
    MainFunction main = nullptr;
};

/// Bits of NoteContent::offers.
inline constexpr std::uint32_t kOffersJob = 1;
inline constexpr std::uint32_t kOffersMain = 2;

inline constexpr char kNoteSection[] = ".note.aiomisc";
inline constexpr char kNoteName[8] = "aiomisc";
inline constexpr std::uint32_t kNoteType = 1;
inline constexpr char kModuleSymbol[] = "aiomisc_job_module_v1";

struct NoteContent {
    std::uint32_t abi = kModuleAbi;
    std::uint32_t offers = 0;
};

/// The note as it stands in the file: the header that ELF prescribes, a name, and our content.
struct Note {
    std::uint32_t name_bytes = sizeof(kNoteName);
    std::uint32_t content_bytes = sizeof(NoteContent);
    std::uint32_t type = kNoteType;
    char name[8] = {'a', 'i', 'o', 'm', 'i', 's', 'c', '\0'};
    NoteContent content;
};

static_assert(sizeof(Note) == 28, "the layout of a note is fixed by ELF");

}  // namespace job
}  // namespace aiomisc
