// SPDX-License-Identifier: MIT
#include <aiomisc/cli/log/job_log.h>

#include "build_config.h"

#include <aiomisc/cli/log/json_object.h>
#include <aiomisc/cli/log/log_record.h>
#include <aiomisc/cli/log/tsv_field.h>

#include <utility>

#include <fmt/format.h>

#include <unistd.h>

namespace aiomisc::cli {
namespace {

double seconds(std::chrono::microseconds time) {
    return std::chrono::duration<double>(time).count();
}

double seconds(std::chrono::system_clock::time_point time) {
    return std::chrono::duration<double>(time.time_since_epoch()).count();
}

}  // namespace

std::unique_ptr<JobLog> JobLog::open(const std::string& path, bool append) {
    LogFile file(path, append);
    if (log_format(path) == LogFormat::kJson) {
        return std::make_unique<JsonJobLog>(std::move(file));
    }
    return std::make_unique<TsvJobLog>(std::move(file));
}

void TsvJobLog::begin(const RunRecord&) {
    if (file().started_empty()) {
        file().append(kTsvHeader);
    }
}

void TsvJobLog::attempt(const JobSpec& job, const JobResult& result, bool final) {
    if (!final) {
        return;
    }
    file().append(fmt::format(
        "{}\t:\t{:.3f}\t{:10.3f}\t{}\t{}\t{}\t{}\t{}\n",
        job.seq,
        seconds(result.started),
        seconds(result.runtime),
        result.in_bytes,
        result.out_bytes,
        result.exit_status,
        result.signal,
        escape_field(job.text)));
}

void JsonJobLog::begin(const RunRecord& run) {
    JsonObject record;
    record.set("type", "begin")
        .set("version", AIOMISC_RUN_VERSION)
        .set("pid", std::int64_t{::getpid()})
        .set_list("argv", run.arguments)
        .set("cwd", run.directory)
        .set_time("start", run.started.time_since_epoch())
        .set("target", run.target)
        .set("resume_key", "args")
        .set("resume", run.resume);
    if (run.command_template) {
        record.set("template", *run.command_template);
    }
    file().append(record.line());
}

void JsonJobLog::attempt(const JobSpec& job, const JobResult& result, bool final) {
    JsonObject record;
    record.set("type", "job").set("seq", job.seq);
    record.set_bytes_list("args", job.items)
        .set("attempt", std::int64_t{job.attempt})
        .set_flag("final", final)
        .set("slot", std::int64_t{job.slot})
        .set("pid", std::int64_t{result.pid})
        .set_time("start", result.started.time_since_epoch())
        .set("runtime", seconds(result.runtime))
        .set("exit", std::int64_t{result.exit_status})
        .set("signal", std::int64_t{result.signal})
        .set("cause", to_string(result.cause))
        .set("utime", seconds(result.usage.user))
        .set("stime", seconds(result.usage.system))
        .set("maxrss_kb", result.usage.max_rss_kib)
        .set("out_bytes", result.out_bytes)
        .set("err_bytes", result.err_bytes)
        .set_text_and_bytes("error", result.error)
        .set_text_and_bytes("cmd", job.text);
    if (job.rerun) {
        record.set_flag("rerun", true);
    }
    file().append(record.line());
}

void JsonJobLog::end(int exit_status) {
    JsonObject record;
    record.set("type", "end").set("exit", std::int64_t{exit_status});
    file().append(record.line());
}

}  // namespace aiomisc::cli
