// SPDX-License-Identifier: MIT
#include <aiomisc/cli/output/output_assembler.h>

#include <aiomisc/runtime/base/check.h>

#include <algorithm>
#include <utility>

namespace aiomisc::cli {
namespace {

// Of the output of all jobs that are waiting together, this much is kept in memory.
constexpr std::uint64_t kTotalInMemory = std::uint64_t{32} << 20;
constexpr std::size_t kChunk = 65536;

// Of a job, its two streams and its place among the others.
constexpr std::uint64_t kJobSize = 512;

std::string with_tags(std::string_view text, const std::string& tag, bool& at_line_start) {
    std::string tagged;
    tagged.reserve(text.size() + 16 * tag.size());
    while (!text.empty()) {
        if (at_line_start) {
            tagged += tag;
            tagged += '\t';
        }
        const std::string_view line = text.substr(0, text.find('\n') + 1);
        const std::string_view taken = line.empty() ? text : line;
        tagged += taken;
        at_line_start = taken.back() == '\n';
        text.remove_prefix(taken.size());
    }
    return tagged;
}

}  // namespace

OutputAssembler::OutputAssembler(const OutputOptions& options, Sink& out, Sink& err)
    : mode_(options.mode),
      keep_order_(options.keep_order && options.mode != OutputMode::kUngrouped),
      tagged_(options.tag.has_value()),
      sinks_{&out, &err},
      store_{
          .file = SpillFile(
              options.spill_directory.empty() ? SpillFile::default_directory()
                                              : options.spill_directory),
          .buffer_limit = options.spill_bytes,
          .total_limit = kTotalInMemory} {}

void OutputAssembler::begin(std::uint64_t seq, std::string tag, std::string preamble) {
    const auto job = std::make_shared<Job>(waiting_, std::move(tag), std::move(preamble));
    jobs_.emplace(seq, job);
    if (mode_ != OutputMode::kGroup && has_turn(seq)) {
        grant_preamble(job);
    }
}

void OutputAssembler::write(std::uint64_t seq, OutputStream stream, std::string_view bytes) {
    const std::shared_ptr<Job>& job = jobs_.at(seq);
    std::unique_ptr<Stream>& place = stream_of(*job, stream);
    if (!place) {
        place = std::make_unique<Stream>(store_);
    }
    Stream& target = *place;
    target.buffer.push(bytes);
    target.rest += bytes.size();
    const std::size_t newline = bytes.rfind('\n');
    if (mode_ == OutputMode::kUngrouped) {
        target.lines += std::exchange(target.rest, 0);
    } else if (newline != std::string_view::npos) {
        const std::uint64_t behind = bytes.size() - newline - 1;
        target.lines += target.rest - behind;
        target.rest = behind;
    }
    if (mode_ != OutputMode::kGroup && has_turn(seq)) {
        grant_lines(job, stream);
    }
}

void OutputAssembler::discard(std::uint64_t seq) {
    for (const auto& stream : jobs_.at(seq)->streams) {
        if (stream) {
            stream->buffer.pop_back(stream->lines + stream->rest);
            stream->lines = stream->rest = 0;
        }
    }
}

void OutputAssembler::Job::settle() {
    finished = true;
    for (const auto& stream : streams) {
        if (stream) {
            stream->buffer.settle();
        }
    }
    size = kJobSize + tag.capacity() + preamble.capacity();
    waiting += size;
}

bool OutputAssembler::Job::has_output() const noexcept {
    return !preamble.empty() || std::ranges::any_of(streams, [](const auto& stream) {
        return stream && stream->lines + stream->rest > 0;
    });
}

void OutputAssembler::finish(std::uint64_t seq) {
    const auto at = jobs_.find(seq);
    AIOMISC_CHECK(at != jobs_.end(), "a job is finished once, after it was begun");
    at->second->settle();
    if (!keep_order_) {
        grant_all(at->second);
    }
    // Who prints nothing need not wait for its turn.
    if (!keep_order_ || !at->second->has_output()) {
        jobs_.erase(at);
    }
    if (keep_order_) {
        advance_turn();
    }
}

void OutputAssembler::abandon(std::uint64_t seq) {
    const auto at = jobs_.find(seq);
    if (at != jobs_.end() && !at->second->finished) {
        discard(seq);
        finish(seq);
    }
}

bool OutputAssembler::full() const noexcept {
    // More than its limit is in memory only where it cannot be stored.
    return waiting_ + queue_.size() * sizeof(Grant) >= kMostWaiting ||
           store_.in_memory >= 2 * store_.total_limit;
}

bool OutputAssembler::drain() {
    while (!queue_.empty()) {
        if (!print(queue_.front())) {
            return false;
        }
        queue_.pop_front();
    }
    return true;
}

int OutputAssembler::blocked_fd() const noexcept {
    return queue_.empty() ? -1 : sinks_[static_cast<std::size_t>(queue_.front().stream)]->wait_fd();
}

bool OutputAssembler::has_turn(std::uint64_t seq) const {
    return !keep_order_ || jobs_.begin()->first == seq;
}

void OutputAssembler::grant_preamble(const std::shared_ptr<Job>& job) {
    if (!job->preamble.empty()) {
        push({job, OutputStream::kOut, 0, std::exchange(job->preamble, {})});
    }
}

void OutputAssembler::grant_lines(const std::shared_ptr<Job>& job, OutputStream stream) {
    const std::unique_ptr<Stream>& source = stream_of(*job, stream);
    const std::uint64_t bytes = source ? std::exchange(source->lines, 0) : 0;
    if (bytes == 0) {
        return;
    }
    if (!queue_.empty() && queue_.back().job == job && queue_.back().stream == stream) {
        queue_.back().bytes += bytes;
    } else {
        push({job, stream, bytes, {}});
    }
}

void OutputAssembler::grant_all(const std::shared_ptr<Job>& job) {
    grant_preamble(job);
    for (const OutputStream stream : {OutputStream::kOut, OutputStream::kErr}) {
        if (const auto& source = stream_of(*job, stream)) {
            source->lines += std::exchange(source->rest, 0);
        }
        grant_lines(job, stream);
    }
}

void OutputAssembler::push(Grant grant) {
    queue_.push_back(std::move(grant));
    if (ready_) {
        ready_();
    }
}

void OutputAssembler::advance_turn() {
    while (!jobs_.empty() && jobs_.begin()->second->finished) {
        grant_all(jobs_.begin()->second);
        jobs_.erase(jobs_.begin());
    }
    if (!jobs_.empty() && mode_ == OutputMode::kLineBuffer) {
        const std::shared_ptr<Job>& job = jobs_.begin()->second;
        grant_preamble(job);
        grant_lines(job, OutputStream::kOut);
        grant_lines(job, OutputStream::kErr);
    }
}

bool OutputAssembler::print(Grant& grant) {
    Sink& sink = *sinks_[static_cast<std::size_t>(grant.stream)];
    while (true) {
        const auto left = std::string_view(unwritten_).substr(unwritten_start_);
        if (left.empty()) {
            if (grant.text.empty() && grant.bytes == 0) {
                unwritten_.clear();
                unwritten_start_ = 0;
                return true;
            }
            prepare(grant);
            continue;
        }
        const std::size_t count = sink.write_some(left);
        if (count == 0) {
            return false;
        }
        unwritten_start_ += count;
    }
}

void OutputAssembler::prepare(Grant& grant) {
    unwritten_start_ = 0;
    if (!grant.text.empty()) {
        unwritten_ = std::exchange(grant.text, {});
        return;
    }
    Stream& stream = *stream_of(*grant.job, grant.stream);
    const auto chunk =
        stream.buffer.front(static_cast<std::size_t>(std::min<std::uint64_t>(grant.bytes, kChunk)));
    const std::size_t taken = chunk.size();
    unwritten_ =
        tagged_ ? with_tags(chunk, grant.job->tag, stream.at_line_start) : std::string(chunk);
    stream.buffer.pop(taken);
    grant.bytes -= taken;
}

}  // namespace aiomisc::cli
