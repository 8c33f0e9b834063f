// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/cli/options/options.h>
#include <aiomisc/cli/output/output_buffer.h>
#include <aiomisc/cli/output/sink.h>

#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace aiomisc::cli {

enum class OutputStream { kOut, kErr };

/// Puts together what jobs print, so that one job's output is never mixed into another's.
///
/// A job is begun before its first attempt and finished after its last. What it writes is held back
/// until its mode and, with keep-order, the jobs before it allow it to be printed; then drain()
/// hands it to the sinks. Jobs are begun in the order of their numbers.
///
///     assembler.begin(seq, tag, "");
///     assembler.write(seq, OutputStream::kOut, bytes);   …
///     assembler.finish(seq);
///     while (!assembler.drain()) co_await writable(assembler.blocked_fd());
class OutputAssembler {
public:
    /// What finished jobs that wait to be printed may take in memory, beside their output.
    static constexpr std::uint64_t kMostWaiting = std::uint64_t{32} << 20;

    /// The sinks must outlive the assembler.
    OutputAssembler(const OutputOptions& options, Sink& out, Sink& err);

    /// `ready` is called whenever there is more for drain() to print.
    void when_printable(std::function<void()> ready) { ready_ = std::move(ready); }

    /// With --tag, `tag` and a tab stand before each line. `preamble` is printed before the output,
    /// untagged.
    void begin(std::uint64_t seq, std::string tag, std::string preamble);

    /// Errors:    SystemError (the output does not fit on the disk).
    void write(std::uint64_t seq, OutputStream stream, std::string_view bytes);

    /// Drops what was written and not allowed to be printed yet: the attempt failed and there will
    /// be another.
    void discard(std::uint64_t seq);

    void finish(std::uint64_t seq);

    /// Ends a job that comes to no proper end, so that those behind it have their turn: drops what
    /// discard() would. One that was not begun, or has finished, is left alone.
    void abandon(std::uint64_t seq);

    /// So many finished jobs wait, or so much of their output in memory, that no further one is to
    /// be begun. Only while there is something for drain() to print, or a job that has begun and
    /// not finished.
    [[nodiscard]] bool full() const noexcept;

    /// Prints what may be printed. Returns false when a sink must be waited for.
    ///
    /// Errors:    those of Sink::write_some(); SystemError (stored output cannot be read).
    bool drain();

    /// The descriptor that drain() waits for.
    [[nodiscard]] int blocked_fd() const noexcept;

    /// Nothing waits to be printed.
    [[nodiscard]] bool idle() const noexcept { return queue_.empty(); }

private:
    struct Stream {
        explicit Stream(OutputStore& store) : buffer(store) {}

        OutputBuffer buffer;  // granted bytes, then complete lines, then the rest
        std::uint64_t lines = 0;
        std::uint64_t rest = 0;
        bool at_line_start = true;  // where printing has come to
    };

    // Lives until it is printed.
    struct Job {
        Job(std::uint64_t& all, std::string its_tag, std::string its_preamble)
            : tag(std::move(its_tag)), preamble(std::move(its_preamble)), waiting(all) {}

        Job(const Job&) = delete;
        Job& operator=(const Job&) = delete;

        ~Job() { waiting -= size; }

        void settle();
        [[nodiscard]] bool has_output() const noexcept;

        std::string tag;
        std::string preamble;
        std::array<std::unique_ptr<Stream>, 2> streams;  // null until something is written
        bool finished = false;
        std::uint64_t size = 0;  // without its output, from its end on
        std::uint64_t& waiting;  // such sizes of all
    };

    /// What may be printed: a text, then bytes from the front of a job's stream.
    struct Grant {
        std::shared_ptr<Job> job;
        OutputStream stream;
        std::uint64_t bytes;
        std::string text;
    };

    static std::unique_ptr<Stream>& stream_of(Job& job, OutputStream stream) {
        return job.streams[static_cast<std::size_t>(stream)];
    }

    [[nodiscard]] bool has_turn(std::uint64_t seq) const;
    void grant_preamble(const std::shared_ptr<Job>& job);
    void grant_lines(const std::shared_ptr<Job>& job, OutputStream stream);
    void grant_all(const std::shared_ptr<Job>& job);
    void advance_turn();
    void push(Grant grant);
    void prepare(Grant& grant);
    bool print(Grant& grant);

    OutputMode mode_;
    bool keep_order_;
    bool tagged_;
    std::array<Sink*, 2> sinks_;
    OutputStore store_;
    std::uint64_t waiting_ = 0;
    std::function<void()> ready_;
    std::map<std::uint64_t, std::shared_ptr<Job>> jobs_;
    std::deque<Grant> queue_;
    std::string unwritten_;  // of the grant at the front: taken from its buffer, with tags
    std::size_t unwritten_start_ = 0;
};

}  // namespace aiomisc::cli
