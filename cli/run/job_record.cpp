// SPDX-License-Identifier: MIT
#include <aiomisc/cli/run/job_record.h>

#include <utility>

namespace aiomisc::cli {

JobRecord::JobRecord(Places places, JobInput input)
    : places_(std::move(places)), input_(std::move(input)) {
    if (places_.results != nullptr) {
        places_.results->begin(input_);
        kept_.emplace(places_.results->keep());
    }
}

void JobRecord::take(OutputStream stream, std::string_view bytes) {
    if (failed_) {
        return;
    }
    try {
        written_[static_cast<std::size_t>(stream)] += bytes.size();
        if (kept_) {
            kept_->write(stream, bytes);
        }
        if (stream == OutputStream::kErr || !places_.print_file_names) {
            places_.output.write(input_.seq, stream, bytes);
        }
    } catch (...) {
        failed_ = true;
        places_.on_failure(std::current_exception());
        throw;
    }
}

void JobRecord::attempt_ended(const JobSpec& job, JobResult& result, bool final) {
    result.out_bytes = written_[static_cast<std::size_t>(OutputStream::kOut)];
    result.err_bytes = written_[static_cast<std::size_t>(OutputStream::kErr)];
    // What a job had printed when the run was stopped is no result of it.
    if (final && kept_ && result.cause != Cause::kCancelled) {
        keep(job, result);
    }
    if (places_.log != nullptr) {
        places_.log->attempt(job, result, final);
    }
    if (!final) {
        prepare_next_attempt(job.seq);
    }
}

void JobRecord::keep(const JobSpec& job, const JobResult& result) {
    const std::string file = places_.results->commit(input_, job, result, *kept_);
    kept_.reset();
    if (places_.print_file_names) {
        places_.output.write(job.seq, OutputStream::kOut, file + "\n");
    }
}

void JobRecord::prepare_next_attempt(std::uint64_t seq) {
    places_.output.discard(seq);
    if (kept_) {
        kept_->clear();
    }
    written_ = {};
}

}  // namespace aiomisc::cli
