// SPDX-License-Identifier: MIT
#include "integration/launcher_harness.h"
#include "support/catch.h"

#include <algorithm>
#include <csignal>
#include <string>

#include <sys/stat.h>

using namespace aiomisc::test;

namespace {

Words with(Words words, const Words& more) {
    words.insert(words.end(), more.begin(), more.end());
    return words;
}

/// A column of the TSV log, in the order of Seq.
Words column(const Launcher& launcher, std::size_t number) {
    Words values;
    for (const auto& row : rows_of(launcher.read("log"))) {
        values.push_back(row.at(number));
    }
    return values;
}

/// The command that the summary says to go on with.
std::string advice(const std::string& err) {
    const std::string start = "go on with: ";
    const std::size_t at = err.find(start);
    return at == std::string::npos
               ? "no advice in: " + err
               : err.substr(at + start.size(), err.find('\n', at) - at - start.size());
}

/// What the user does with it.
Outcome paste(const Launcher& launcher, const std::string& command) {
    Process shell = Process::start(
        {"/bin/sh", "-c", "cd \"$0\" && " + command, launcher.work().string()},
        {.environment = {{"AIOMISC_RUN_OPTS", ""}}, .merge_stderr = true});
    shell.close_stdin();
    Outcome outcome;
    outcome.out = shell.read_all(std::chrono::seconds(60));
    outcome.status = shell.wait();
    return outcome;
}

}  // namespace

TEST_CASE("resuming runs what has no record and then what failed", "[launcher][AR-62]") {
    Launcher launcher;
    const Words log{"--joblog", "log", "exit {}", ":::", "1", "2", "3", "0"};
    CHECK(launcher.run(log).status.code == 3);

    const Words more = with(log, {"0", "0"});
    CHECK(launcher.run(with({"--resume"}, more)).status.code == 0);
    CHECK(column(launcher, 0) == Words{"1", "2", "3", "4", "5", "6"});

    CHECK(launcher.run(with({"--resume-failed"}, more)).status.code == 3);
    CHECK(column(launcher, 0) == Words{"1", "1", "2", "2", "3", "3", "4", "5", "6"});
}

TEST_CASE("by number another command goes on where the first one failed", "[launcher][AR-63]") {
    Launcher launcher;
    launcher.run({"-k", "--joblog", "log", "echo {}; exit {}", ":::", "0", "1", "0"});
    const Outcome outcome = launcher.run(
        {"-k",
         "--resume-failed",
         "--resume-by",
         "seq",
         "--joblog",
         "log",
         "echo again {}; true",
         ":::",
         "0",
         "1",
         "0",
         "5"});
    CHECK(outcome.out == "again 1\nagain 5\n");
    CHECK(outcome.status.code == 0);
}

TEST_CASE("retrying runs the commands of the log", "[launcher][AR-64]") {
    for (const std::string log : {"log", "log.jsonl"}) {
        INFO(log);
        Launcher launcher;
        launcher.run(
            {"--joblog",
             log,
             "test -e fixed && echo \"{#}:\" {}; test -e fixed || exit {}",
             ":::",
             "0",
             "3",
             "0",
             "4"});
        launcher.write("fixed", "");
        const Words retry{"-k", "--retry-failed", "--joblog", log, "ignored", "words", "{}"};
        Outcome outcome = launcher.run(retry);
        CHECK(outcome.out == "2: 3\n4: 4\n");
        CHECK(outcome.status.code == 0);
        // Nothing failed any more.
        outcome = launcher.run(retry);
        CHECK(outcome.out.empty());
        CHECK(outcome.status.code == 0);
    }
}

TEST_CASE("an item does not become code when its command is run again", "[launcher]") {
    const std::string zero(1, '\0');
    const Words commands{
        R"-(echo "$(case {} in *.gz) zcat {};; *) cat {};; esac)"; false)-",
        "cat <<E\n{}\nE\nfalse",
        "cat <<E\n$(case {} in x) ;; *) echo '{}';; esac)\nE\nfalse",
        "false \\\n# it's {}",
        "echo ${none:-$(case {} in *) echo \"{}\";; esac)} \"`echo '{}'`\"; false"};
    const std::string items = "x;touch pwned" + zero + "E\ntouch pwned" + zero + "a\n touch pwned" +
                              zero + "$(touch pwned)" + zero + "';touch pwned;'" + zero +
                              "\";touch pwned;\"" + zero;
    for (const std::string& command : commands) {
        for (const std::string log : {"log", "log.jsonl"}) {
            CAPTURE(command, log);
            Launcher launcher;
            CHECK(
                launcher.run({"-0", "--joblog", log, command}, {.input = items}).status.code == 6);
            CHECK(launcher.run({"--retry-failed", "--joblog", log}).status.code == 6);
            CHECK(launcher.files() == Words{log});
        }
    }
}

TEST_CASE("a recorded command may begin with an item that is named like a source", "[launcher]") {
    Launcher launcher;
    CHECK(
        launcher.run({"--joblog", "log", "test -e y && echo `echo {}`", ":::", "a.cpp b.cpp"})
            .status.code == 1);
    launcher.write("y", "");
    CHECK(launcher.run({"--retry-failed", "--joblog", "log"}).out == "a.cpp b.cpp\n");
}

TEST_CASE("a recorded command is run as it was, whatever is in its items", "[launcher][AR-64]") {
    for (const std::string log : {"log", "log.jsonl"}) {
        INFO(log);
        Launcher launcher;
        const std::string hostile = "a  b$(touch pwned)'\"\\\t\xff\n;exit 0";
        launcher.run(
            {"-0", "--joblog", log, "test -e fixed && printf %s {}"},
            {.input = hostile + std::string(1, '\0')});
        launcher.write("fixed", "");
        const Outcome outcome = launcher.run({"--retry-failed", "--joblog", log});
        CHECK(outcome.out == hostile);
        CHECK(launcher.files() == Words{"fixed", log});
    }
}

TEST_CASE("a resume option needs a log and not that there is one", "[launcher]") {
    Launcher launcher;
    for (const std::string option : {"--resume", "--resume-failed", "--retry-failed"}) {
        INFO(option);
        const Outcome outcome = launcher.run({option, "touch", ":::", "ran"});
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains(option + " needs --joblog FILE"));
    }
    CHECK(launcher.run({"--resume-by", "seq", "touch", ":::", "ran"}).status.code == 255);
    CHECK(
        launcher.run({"--resume", "--resume-by", "args", "--joblog", "log", "touch", ":::", "ran"})
            .status.code == 255);
    const Outcome none = launcher.run({"--retry-failed", "--joblog", "log"});
    CHECK(none.status.code == 255);
    CHECK_THAT(none.err, contains("log: No such file"));
    CHECK(launcher.files().empty());

    CHECK(launcher.run({"--resume", "--joblog", "log", "true", ":::", "a"}).status.code == 0);
    CHECK(column(launcher, 0) == Words{"1"});
}

TEST_CASE("input in another order, with more and with less, is resumed by items", "[launcher]") {
    Launcher launcher;
    const std::string not_utf8 = "\xff\xfe";
    launcher.run(
        {"--joblog", "l.jsonl", "test {} != bad", ":::", "a", "bad", "c c", not_utf8, "x"});
    const Words input{":::", "new", not_utf8, "c", "c c", "bad", "a", "a"};
    Outcome outcome = launcher.run(with({"-k", "--resume", "--joblog", "l.jsonl", "echo"}, input));
    CHECK(outcome.out == "new\nc\na\n");
    CHECK_THAT(outcome.err, contains("4 done before (1 of them failed)"));
    outcome = launcher.run(with({"-k", "--resume-failed", "--joblog", "l.jsonl", "echo"}, input));
    CHECK(outcome.out == "bad\n");
}

TEST_CASE("items that make one job are found together", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "l.jsonl", "-N2", "true", ":::", "a", "b", "a b", "c"});
    const Outcome outcome = launcher.run(
        {"-k",
         "--resume",
         "--joblog",
         "l.jsonl",
         "-N2",
         "echo {1}:{2}",
         ":::",
         "a b",
         "c",
         "a",
         "b c",
         "a",
         "b"});
    CHECK(outcome.out == "a:b c\n");
}

TEST_CASE("another command is warned of where items are the key", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "l.jsonl", "echo old", ":::", "a"});
    const Outcome outcome =
        launcher.run({"--resume", "--joblog", "l.jsonl", "echo new", ":::", "a", "b"});
    CHECK(outcome.out == "new b\n");
    CHECK_THAT(outcome.err, contains("the command was 'echo old', and is 'echo new' now"));
    const Outcome same =
        launcher.run({"--resume", "--joblog", "l.jsonl", "echo new", ":::", "a", "b"});
    CHECK(same.err.empty());
}

TEST_CASE("another command is refused where numbers are the key", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", ":", ":::", "a", "b", "c"});
    const std::string before = launcher.read("log");
    // The first of these has no record, and must not run either.
    launcher.write("items", "new\na\nb\nc\n");
    for (const Words& input : {Words{"::::", "items"}, Words{":::", "a", "c", "b", "new"}}) {
        const Outcome outcome = launcher.run(with({"--resume", "--joblog", "log", "touch"}, input));
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("`: a` in log"));
        CHECK_THAT(outcome.err, contains("is `touch "));
    }
    CHECK(launcher.files() == Words{"items", "log"});
    CHECK(launcher.read("log") == before);
}

TEST_CASE("a slot in the command does not keep a run from being resumed", "[launcher]") {
    Launcher launcher;
    launcher.run({"-j3", "--joblog", "log", ": {} {%}", ":::", "a", "b", "c"});
    const Outcome outcome = launcher.run(
        {"-j1", "--resume", "--joblog", "log", ": {} {%}; echo {}", ":::", "a", "b", "c", "d"});
    CHECK(outcome.status.code == 255);
    CHECK(
        launcher.run({"-j1", "--resume", "--joblog", "log", ": {} {%}", ":::", "a", "b", "c", "d"})
            .status.code == 0);
    CHECK(column(launcher, 0) == Words{"1", "2", "3", "4"});
}

TEST_CASE("damaged and torn lines count as not done", "[launcher]") {
    Launcher launcher;
    const Words run{"-k", "--resume", "--joblog", "log", "echo", ":::", "a", "b", "c", "d"};
    launcher.run(run);
    std::string log = launcher.read("log");
    const auto lines = lines_of(log);
    REQUIRE(lines.size() == 5);
    // The second job's line is damaged, and the last one lacks its newline.
    log.replace(log.find(lines[2]), 5, "?????");
    log.pop_back();
    launcher.write("log", log);
    const Outcome outcome = launcher.run(run);
    CHECK(lines_of(outcome.out).size() == 2);
    CHECK_THAT(outcome.err, contains("job log log: line 3 is damaged"));
    CHECK_THAT(outcome.err, contains("job log log: the last line is incomplete"));
    CHECK(launcher.run(run).out.empty());
}

TEST_CASE("a file that is no job log is left alone", "[launcher]") {
    Launcher launcher;
    launcher.write("log", "dear diary\nit rained");
    const Outcome outcome = launcher.run({"--resume", "--joblog", "log", "touch", ":::", "ran"});
    CHECK(outcome.status.code == 255);
    CHECK_THAT(outcome.err, contains("log is not a job log"));
    CHECK(launcher.read("log") == "dear diary\nit rained");
    CHECK(launcher.files() == Words{"log"});
}

TEST_CASE("kept order does not wait for what is left out", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "l.jsonl", "true", ":::", "1", "3", "4", "6"});
    const Outcome outcome = launcher.run(
        {"-k",
         "-j3",
         "--resume",
         "--joblog",
         "l.jsonl",
         "echo {#} {}",
         ":::",
         "1",
         "2",
         "3",
         "4",
         "5",
         "6",
         "7"});
    CHECK(outcome.out == "2 2\n5 5\n7 7\n");
}

TEST_CASE("items from stdin are resumed too", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", "echo"}, {.input = "a\nb\n"});
    std::string many;
    for (int item = 0; item < 2000; ++item) {
        many += "i" + std::to_string(item) + "\n";
    }
    launcher.run({"--joblog", "l.jsonl", "-j2", "-n50", ":"}, {.input = many});
    const Outcome resumed =
        launcher.run({"--resume", "--joblog", "log", "echo"}, {.input = "a\nb\nc\n"});
    CHECK(resumed.out == "c\n");
    const Outcome last = launcher.run(
        {"--resume", "--joblog", "l.jsonl", "-n50", "echo"}, {.input = many + "last\n"});
    CHECK(last.out == "last\n");
}

TEST_CASE("a dry run shows what would be resumed and touches nothing", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", "exit", ":::", "0", "3"});
    const std::string before = launcher.read("log");
    const Words run{"--joblog", "log", "exit", ":::", "0", "3", "5"};
    CHECK(launcher.run(with({"--dry-run", "--resume"}, run)).out == "exit 5\n");
    CHECK(launcher.run(with({"--dry-run", "--resume-failed"}, run)).out == "exit 3\nexit 5\n");
    CHECK(launcher.run({"--dry-run", "--retry-failed", "--joblog", "log"}).out == "exit 3\n");
    CHECK(launcher.read("log") == before);
}

TEST_CASE("results of a retried job come where they belong", "[launcher]") {
    Launcher launcher;
    const std::string job = "test -e fixed && echo {}";
    launcher.run({"--joblog", "l.jsonl", "--results", "r", job, ":::", "a"});
    launcher.write("fixed", "");
    const Outcome outcome =
        launcher.run({"--retry-failed", "--joblog", "l.jsonl", "--results", "r"});
    CHECK(outcome.status.code == 0);
    CHECK(launcher.read("r/1/a/stdout") == "a\n");
    // A log without items cannot tell where.
    launcher.run({"--joblog", "log", "exit", ":::", "3"});
    const Outcome refused = launcher.run({"--retry-failed", "--joblog", "log", "--results", "s"});
    CHECK(refused.status.code == 255);
    CHECK_THAT(refused.err, contains("needs a log that keeps the items"));
}

TEST_CASE("a table of results grows when a run is resumed", "[launcher]") {
    Launcher launcher;
    launcher.run({"--joblog", "log", "--results", "t.csv", "echo", ":::", "a", "b"});
    launcher.run(
        {"--resume", "--joblog", "log", "--results", "t.csv", "echo", ":::", "a", "b", "c"});
    CHECK(lines_of(launcher.read("t.csv")).size() == 4 + 3);  // each output ends in a newline
}

TEST_CASE("calls of a job module are retried by their items", "[launcher]") {
    Launcher launcher;
    const Words run{"-k", "--joblog", "l.jsonl", job_module("sample"), "action={}"};
    CHECK(launcher.run(with(run, {":::", "ok", "ret3", "ok", "throw"})).status.code == 2);
    const Outcome outcome = launcher.run(with({"--retry-failed"}, run));
    CHECK(outcome.status.code == 2);
    CHECK(outcome.out == "ret3 begins\nthrow begins\n");
    // The command line cannot be shell text, and the log cannot tell the module's template.
    const Outcome without = launcher.run({"--retry-failed", "--joblog", "l.jsonl"});
    CHECK(without.status.code == 255);
    CHECK_THAT(without.err, contains("give the module and its words again"));

    launcher.run({"--joblog", "log", job_module("sample"), "action={}", ":::", "ret3"});
    const Outcome tsv = launcher.run({"--retry-failed", "--joblog", "log"});
    CHECK(tsv.status.code == 255);
    CHECK_THAT(tsv.err, contains("is a call of a job module"));
}

TEST_CASE("the command that the summary ends with does the rest", "[launcher]") {
    Launcher launcher;
    const Words items{":::", "a  b", "$(touch pwned)", "it's", "fine"};
    for (const std::string log : {"log", "log.jsonl"}) {
        INFO(log);
        const Outcome first = launcher.run(with(
            {"-k", "--joblog", log, "test -e fixed && echo {}; test {} = fine || test -e fixed"},
            items));
        CHECK(first.status.code == 3);
        launcher.write("fixed", "");
        const Outcome second = paste(launcher, advice(first.err));
        CHECK(second.out == "a  b\n$(touch pwned)\nit's\n");
        CHECK(second.status.code == 0);
        std::filesystem::remove(launcher.work() / "fixed");
    }
    CHECK(launcher.files() == Words{"log", "log.jsonl"});
}

TEST_CASE("what came from stdin and failed is retried without it", "[launcher]") {
    Launcher launcher;
    const Outcome first = launcher.run(
        {"--joblog", "log", "test -e fixed && echo {}"}, {.input = "one\ntwo words\n"});
    CHECK(first.status.code == 2);
    launcher.write("fixed", "");
    const Outcome second = paste(launcher, advice(first.err));
    CHECK(sorted_lines_of(second.out) == Words{"one", "two words"});
}

TEST_CASE("after an interrupt the summary's command runs the rest", "[launcher]") {
    for (const std::string log : {"log", "log.jsonl"}) {
        INFO(log);
        Launcher launcher;
        Process process = launcher.start(
            {"-j1",
             "--joblog",
             log,
             "test {} = a || test -e go || { : >waits; exec sleep 300; }; echo {}",
             ":::",
             "a",
             "b",
             "c"});
        REQUIRE(launcher.wait_for("waits"));
        process.send_signal(SIGINT);
        CHECK(process.read_all() == "a\n");
        CHECK(process.wait().signal == SIGINT);
        launcher.write("go", "");
        const Outcome rest = paste(launcher, advice(launcher.err()));
        CHECK(rest.out == "b\nc\n");
        CHECK(rest.status.code == 0);
    }
}

TEST_CASE("a run without a log says how the next one gets one", "[launcher]") {
    Launcher launcher;
    CHECK_THAT(launcher.run({"false", ":::", "a"}).err, contains("--joblog FILE"));
    CHECK(launcher.run({"true", ":::", "a"}).err.empty());
}

TEST_CASE("numbers that no job has are damage", "[launcher]") {
    Launcher launcher;
    const auto line = [](const std::string& seq) {
        return R"({"type":"job","seq":)" + seq +
               R"(,"args":["a"],"final":true,"exit":1,"signal":0,"cause":"exit","cmd":"echo )" +
               seq + "\"}\n";
    };
    launcher.write("l.jsonl", line("18446744073709551615") + line("0") + line("7"));
    const Outcome outcome = launcher.run({"--retry-failed", "--joblog", "l.jsonl"});
    CHECK(outcome.out == "7\n");
    CHECK(outcome.status.code == 0);
    CHECK_THAT(outcome.err, contains("line 2 is damaged"));
}

TEST_CASE("a pipe is no log to resume from", "[launcher]") {
    Launcher launcher;
    REQUIRE(::mkfifo((launcher.work() / "fifo").c_str(), 0600) == 0);
    for (const Words& options : {Words{"--resume"}, Words{"--resume", "--dry-run"}}) {
        const Outcome outcome =
            launcher.run(with(options, {"--joblog", "fifo", "touch", ":::", "ran"}));
        CHECK(outcome.status.code == 255);
        CHECK_THAT(outcome.err, contains("cannot be read back"));
    }
    CHECK(launcher.files() == Words{"fifo"});
}

TEST_CASE("workers that cannot be started leave the log as it was", "[launcher]") {
    Launcher launcher;
    launcher.write("log", "before\n");
    const Outcome outcome = launcher.run(
        {"--joblog", "log", job_module("init"), "item={}", ":::", "a"},
        {.environment = {{"AIOMISC_TEST_INIT", "throw"}}});
    CHECK_THAT(outcome.err, contains("the workers cannot be started: "));
    CHECK(outcome.status.code == 255);
    CHECK(launcher.read("log") == "before\n");
}

TEST_CASE("a random order is resumed in the same one", "[launcher]") {
    Launcher launcher;
    Words items{":::"};
    for (int item = 0; item < 20; ++item) {
        items.push_back(std::to_string(item));
    }
    // By number: another order would be another run.
    const Outcome first = launcher.run(
        with({"-j1", "--halt", "now,done=10", "--shuf", "--joblog", "log", "echo {}"}, items));
    const Outcome rest = paste(launcher, advice(first.err));
    Words all = with(lines_of(first.out), lines_of(rest.out));
    for (int item = 0; item < 20; ++item) {
        INFO(rest.out);
        CHECK(std::ranges::count(all, std::to_string(item)) == 1);
    }
}

TEST_CASE("options of a job file and of the environment go on with the run", "[launcher]") {
    Launcher launcher;
    const auto script = launcher.write(
        "job.sh", "#!/bin/sh\n# aiomisc: --joblog l.jsonl\ntest -e fixed && echo $1\n");
    REQUIRE(::chmod(script.c_str(), 0755) == 0);
    const Outcome first = launcher.run(
        {"./job.sh"}, {.input = "a\nb\n", .environment = {{"AIOMISC_RUN_OPTS", "-k --tag"}}});
    CHECK(first.status.code == 2);
    launcher.write("fixed", "");
    const Outcome rest = paste(launcher, advice(first.err));
    CHECK(rest.out == "a\ta\nb\tb\n");
    CHECK(rest.status.code == 0);
}

TEST_CASE("an item that was refused is no command when it is tried again", "[launcher]") {
    Launcher launcher;
    for (const std::string log : {"log", "log.jsonl"}) {
        const Outcome outcome = launcher.run(
            {"-j1", "--joblog", log, "echo $((1+{}))", ":::", "touch run", "$(touch run)", "2"});
        CHECK(outcome.status.code == 2);
        CHECK(outcome.out == "3\n");
        CHECK_THAT(outcome.err, contains("false 'touch run'"));
        const Outcome again = launcher.run({"--retry-failed", "--joblog", log});
        CHECK(again.status.code == 2);
        CHECK_FALSE(std::filesystem::exists(launcher.work() / "run"));
        // A zero byte, which no command line can hold.
        launcher.run(
            {"-d;", "--joblog", log, "echo"}, {.input = std::string("q\ntouch run\n\0", 12)});
        launcher.run({"--retry-failed", "--joblog", log});
        CHECK_FALSE(std::filesystem::exists(launcher.work() / "run"));
    }
}
