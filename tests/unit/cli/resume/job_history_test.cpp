// SPDX-License-Identifier: MIT
#include "support/catch.h"
#include "support/temp_dir.h"

#include <aiomisc/cli/log/job_log.h>
#include <aiomisc/cli/resume/history_by_items.h>
#include <aiomisc/cli/resume/history_by_seq.h>
#include <aiomisc/cli/resume/resume_plan.h>
#include <aiomisc/cli/resume/retry_jobs.h>
#include <aiomisc/runtime/base/error.h>

#include <fcntl.h>

using namespace aiomisc::cli;
using aiomisc::test::contains;
using aiomisc::test::TempDir;
using Items = std::vector<std::string>;

namespace {

enum class End { kOk, kFailed, kCancelled };

LoggedJob logged(std::uint64_t seq, Items items, End end, bool rerun = false) {
    return {
        .seq = seq,
        .items = std::move(items),
        .command = "c" + std::to_string(seq),
        .succeeded = end == End::kOk,
        .cancelled = end == End::kCancelled,
        .rerun = rerun};
}

JobInput input(std::uint64_t seq, Items items) {
    JobInput made;
    made.seq = seq;
    made.items = std::move(items);
    return made;
}

/// A log with what it is given, and a plan made of it.
class Log {
public:
    explicit Log(std::string name = "log.jsonl") : path_((dir_ / name).string()) { begin(""); }

    void begin(const std::string& resume, const std::string& target = "command") {
        open()->begin({.target = target, .command_template = "t", .resume = resume});
    }

    void add(std::uint64_t seq, Items items, End end, bool rerun = false) {
        JobResult result{.exit_status = end == End::kOk ? 0 : 1};
        result.cause = end == End::kCancelled ? Cause::kCancelled : Cause::kExit;
        const std::string text = "c" + std::to_string(seq);
        open()->attempt(
            {.seq = seq, .items = std::move(items), .text = text, .rerun = rerun}, result, true);
    }

    [[nodiscard]] std::unique_ptr<ResumePlan> plan(
        ResumeOptions options, CommandText command = {}) const {
        return ResumePlan::load(
            LogReader(aiomisc::UniqueFd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC)), path_),
            options,
            std::move(command));
    }

private:
    [[nodiscard]] std::unique_ptr<JobLog> open() const { return JobLog::open(path_, true); }

    TempDir dir_;
    std::string path_;
};

constexpr ResumeOptions kResume{.mode = ResumeMode::kResume, .key = std::nullopt};
constexpr ResumeOptions kFailed{.mode = ResumeMode::kFailed, .key = std::nullopt};
constexpr ResumeOptions kRetry{.mode = ResumeMode::kRetryFailed, .key = std::nullopt};

std::string message_of(const std::function<void()>& action) {
    try {
        action();
    } catch (const aiomisc::Error& error) {
        return error.what();
    }
    return "no error";
}

}  // namespace

TEST_CASE("jobs are found by their items wherever they stand", "[cli][resume]") {
    HistoryByItems history;
    history.add(logged(1, {"a", "b"}, End::kOk), 0);
    history.add(logged(2, {"c"}, End::kFailed), 0);
    CHECK(history.take(input(9, {"c"})) == Past::kFailed);
    CHECK(history.take(input(8, {"a", "b"})) == Past::kDone);
    CHECK(history.take(input(1, {"new"})) == Past::kUnknown);
}

TEST_CASE("lists of items are not mixed up", "[cli][resume]") {
    const Items lists[] = {{"a", "b"}, {"a b"}, {"ab"}, {"a", "", "b"}, {"a", "b", ""}, {}, {""}};
    for (const Items& done : lists) {
        HistoryByItems history;
        history.add(logged(1, done, End::kOk), 0);
        for (const Items& other : lists) {
            if (other != done) {
                CHECK(history.take(input(1, other)) == Past::kUnknown);
            }
        }
        CHECK(history.take(input(1, done)) == Past::kDone);
    }
}

TEST_CASE("of jobs that look alike as many are done as were done", "[cli][resume]") {
    HistoryByItems history;
    history.add(logged(1, {"a"}, End::kOk), 0);
    history.add(logged(2, {"a"}, End::kFailed), 0);
    history.add(logged(3, {"a"}, End::kCancelled), 0);
    history.add(logged(2, {"a"}, End::kOk, true), 0);
    CHECK(history.take(input(1, {"a"})) == Past::kDone);
    CHECK(history.take(input(2, {"a"})) == Past::kDone);
    CHECK(history.take(input(3, {"a"})) == Past::kCancelled);
    CHECK(history.take(input(4, {"a"})) == Past::kUnknown);
}

TEST_CASE("a job that is run again counts once", "[cli][resume]") {
    HistoryByItems history;
    history.add(logged(1, {"a"}, End::kFailed), 10);
    history.add(logged(1, {"a"}, End::kFailed, true), 20);
    REQUIRE(history.failures().size() == 1);
    CHECK(history.failures()[0].offset == 20);
    history.add(logged(1, {"a"}, End::kOk, true), 30);
    CHECK(history.failures().empty());
    CHECK(history.take(input(1, {"a"})) == Past::kDone);
    CHECK(history.take(input(2, {"a"})) == Past::kUnknown);
}

TEST_CASE("a run that begins anew has the last word on its items", "[cli][resume]") {
    HistoryByItems history;
    history.begin_run({});
    history.add(logged(1, {"a"}, End::kOk), 0);
    history.add(logged(2, {"b"}, End::kOk), 0);
    history.begin_run({});
    history.add(logged(1, {"a"}, End::kFailed), 0);
    history.begin_run({.resumes = true});
    CHECK(history.take(input(1, {"a"})) == Past::kFailed);
    CHECK(history.take(input(2, {"a"})) == Past::kUnknown);
    CHECK(history.take(input(3, {"b"})) == Past::kDone);
}

TEST_CASE("resuming leaves failures alone and failed does not", "[cli][resume]") {
    Log log;
    log.add(1, {"ok"}, End::kOk);
    log.add(2, {"bad"}, End::kFailed);
    log.add(3, {"stopped"}, End::kCancelled);
    const auto resume = log.plan(kResume);
    CHECK(resume->decide(input(1, {"ok"})) == Verdict::kSkip);
    CHECK(resume->decide(input(2, {"bad"})) == Verdict::kSkip);
    CHECK(resume->decide(input(3, {"stopped"})) == Verdict::kRerun);
    CHECK(resume->decide(input(4, {"new"})) == Verdict::kRun);
    CHECK(resume->skipped() == 2);
    CHECK(resume->skipped_failed() == 1);
    const auto failed = log.plan(kFailed);
    CHECK(failed->decide(input(1, {"ok"})) == Verdict::kSkip);
    CHECK(failed->decide(input(2, {"bad"})) == Verdict::kRerun);
    CHECK(failed->skipped_failed() == 0);
}

TEST_CASE("by number the last record of a job holds", "[cli][resume]") {
    Log log("log");
    log.add(1, {}, End::kFailed);
    log.add(2, {}, End::kOk);
    log.add(1, {}, End::kOk);
    const auto any = [](const JobInput& job, unsigned) { return "c" + std::to_string(job.seq); };
    const auto plan = log.plan(kFailed, any);
    CHECK(plan->decide(input(1, {"x"})) == Verdict::kSkip);
    CHECK(plan->decide(input(2, {"y"})) == Verdict::kSkip);
    CHECK(plan->decide(input(3, {"z"})) == Verdict::kRun);
    CHECK(log.plan(kRetry)->failures().empty());
}

TEST_CASE("by number another command is refused with both texts", "[cli][resume]") {
    Log log("log");
    log.add(1, {}, End::kOk);
    log.add(2, {}, End::kOk);
    const auto other = [](const JobInput& job, unsigned) {
        return job.seq == 1 ? std::string("c1") : std::string("other");
    };
    const auto plan = log.plan(kResume, other);
    CHECK(plan->decide(input(1, {})) == Verdict::kSkip);
    const std::string message = message_of([&] { plan->decide(input(2, {})); });
    CHECK_THAT(message, contains("job 2 was `c2` in "));
    CHECK_THAT(message, contains("is `other` now"));
    // Said to go by the number, it does.
    const auto knowingly = log.plan({.mode = ResumeMode::kResume, .key = ResumeKey::kSeq}, other);
    CHECK(knowingly->decide(input(2, {})) == Verdict::kSkip);
}

TEST_CASE("the slot in a command does not make it another one", "[cli][resume]") {
    Log log("log");
    log.add(4, {}, End::kOk);  // c4
    const auto with_slot = [](const JobInput&, unsigned slot) {
        return "c" + std::to_string(slot);
    };
    CHECK(log.plan(kResume, with_slot)->decide(input(4, {})) == Verdict::kSkip);
}

TEST_CASE("failed jobs come back with their numbers and their commands", "[cli][resume]") {
    Log log;
    log.add(5, {"five"}, End::kFailed);
    log.add(1, {"one"}, End::kOk);
    log.add(3, {"three"}, End::kFailed);
    log.begin("--resume");
    log.add(3, {"inserted"}, End::kFailed);
    const auto plan = log.plan(kRetry);
    RetryJobs jobs(*plan, false);
    REQUIRE(jobs.count() == 3);
    std::vector<std::uint64_t> numbers;
    Items items;
    JobInput job;
    while (jobs.next(job) == Pull::kItem) {
        numbers.push_back(job.seq);
        items.push_back(job.items.at(0));
        CHECK(job.rerun);
        REQUIRE(job.command);
        CHECK_THAT(*job.command, aiomisc::test::starts_with("c"));
    }
    CHECK(numbers == std::vector<std::uint64_t>{3, 5, 6});  // two had the number 3
    CHECK(items == Items{"inserted", "five", "three"});
}

TEST_CASE("what a log cannot give to retry is refused", "[cli][resume]") {
    Log tsv("log");
    tsv.add(1, {}, End::kFailed);
    const auto tsv_plan = tsv.plan(kRetry);
    CHECK_THAT(
        message_of([&] { RetryJobs(*tsv_plan, true); }), contains("does not keep the items"));
    Log commands;
    commands.add(1, {"a"}, End::kFailed);
    const auto plan = commands.plan(kRetry);
    CHECK_THAT(message_of([&] { RetryJobs(*plan, true); }), contains("are commands"));
    commands.begin("--retry-failed", "module");
    const auto module_plan = commands.plan(kRetry);
    CHECK_THAT(
        message_of([&] { RetryJobs(*module_plan, false); }), contains("calls of a job module"));
    RetryJobs by_items(*module_plan, true);
    JobInput job;
    REQUIRE(by_items.next(job) == Pull::kItem);
    CHECK(job.items == Items{"a"});
    CHECK_FALSE(job.command);
}

TEST_CASE("damage is told in a few lines", "[cli][resume]") {
    const TempDir dir;
    std::string text(kTsvHeader);
    for (int line = 0; line < 10; ++line) {
        text += "bad\n";
    }
    const std::string path = dir.write("log", text + "torn").string();
    const auto plan = ResumePlan::load(
        LogReader(aiomisc::UniqueFd(::open(path.c_str(), O_RDONLY | O_CLOEXEC)), path),
        kResume,
        {});
    const auto notes = plan->notes();
    REQUIRE(notes.size() == 5);
    CHECK_THAT(notes[0], contains("line 2 is damaged"));
    CHECK_THAT(notes[3], contains("and 7 more"));
    CHECK_THAT(notes[4], contains("the last line is incomplete"));
}
