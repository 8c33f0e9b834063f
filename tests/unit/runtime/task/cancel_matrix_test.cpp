// SPDX-License-Identifier: MIT

// The cancel matrix: every awaitable, cancelled before its task starts, while the task is parked on
// it, and between the moment it is fulfilled and the moment the task runs again. A new awaitable
// brings its row.
//
// A row says how to await the thing, how to fulfil it, and what must hold afterwards, whichever way
// the await ended: that what was granted is not lost.

#include "support/async_test.h"
#include "support/catch.h"
#include "unit/runtime/thread/gate.h"

#include <aiomisc/runtime/base/unique_fd.h>
#include <aiomisc/runtime/loop/child.h>
#include <aiomisc/runtime/loop/fd_watcher.h>
#include <aiomisc/runtime/loop/signals.h>
#include <aiomisc/runtime/sync/condition.h>
#include <aiomisc/runtime/sync/event.h>
#include <aiomisc/runtime/sync/lock.h>
#include <aiomisc/runtime/sync/queue.h>
#include <aiomisc/runtime/sync/semaphore.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/future.h>
#include <aiomisc/runtime/task/gather.h>
#include <aiomisc/runtime/task/gather_settled.h>
#include <aiomisc/runtime/task/select.h>
#include <aiomisc/runtime/task/shield.h>
#include <aiomisc/runtime/task/task_group.h>
#include <aiomisc/runtime/task/wait.h>
#include <aiomisc/runtime/task/wait_for.h>
#include <aiomisc/runtime/thread/channel.h>
#include <aiomisc/runtime/thread/iterator_wrapper.h>
#include <aiomisc/runtime/thread/thread_pool.h>

#include <csignal>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

using namespace aiomisc;
using namespace std::chrono_literals;
using namespace aiomisc::test;

/// What had happened to the awaitable when the task was over.
enum class Fate { kNeverAwaited, kLeftAlone, kFulfilled };

class Row {
public:
    Row() = default;
    Row(const Row&) = delete;
    Row& operator=(const Row&) = delete;
    virtual ~Row() = default;

    /// What has to be done before the awaitable makes a task wait.
    virtual Task<> prepare() { co_return; }

    virtual Task<> await() = 0;

    /// Fulfils it, as far as possible in this very moment.
    virtual void fulfil() = 0;

    /// Whether fulfil() wakes the task in that moment. What the kernel reports does later.
    [[nodiscard]] virtual bool wakes_at_once() const { return true; }

    virtual Task<> verify(Fate) { co_return; }
};

// --- tasks and what combines them: all of them wait for one future ---

class FutureRow : public Row {
public:
    void fulfil() override { promise_.try_set_value(1); }

protected:
    Future<int> future() { return promise_.get_future(); }

    [[nodiscard]] bool abandoned() const { return promise_.cancelled(); }

    Promise<int> promise_;
};

class AwaitFuture : public FutureRow {
    Task<> await() override { co_await future(); }
};

class AwaitTask : public FutureRow {
    Task<> await() override { co_await create_task(inner()); }

    Task<> inner() { co_await future(); }

    /// The inner task ends one turn before the outer one is woken.
    [[nodiscard]] bool wakes_at_once() const override { return false; }
};

class AwaitWait : public FutureRow {
    Task<> prepare() override {
        handles_.push_back(future());
        co_return;
    }

    Task<> await() override { co_await aiomisc::wait(handles_); }

    Task<> verify(Fate) override {
        CHECK_FALSE(abandoned());
        co_return;
    }

    std::vector<TaskHandle<int>> handles_;
};

class AwaitWaitFor : public FutureRow {
    Task<> await() override { co_await wait_for(future(), 1h); }

    Task<> verify(Fate fate) override {
        CHECK(abandoned() == (fate == Fate::kLeftAlone));
        co_return;
    }
};

class AwaitShield : public FutureRow {
    Task<> prepare() override {
        future_ = future();
        co_return;
    }

    Task<> await() override { co_await shield(future_); }

    Task<> verify(Fate) override {
        CHECK_FALSE(abandoned());
        co_return;
    }

    Future<int> future_;
};

class AwaitGather : public FutureRow {
    Task<> await() override { co_await gather(future()); }
};

class AwaitGatherSettled : public FutureRow {
    Task<> await() override { co_await gather_settled(future()); }
};

class AwaitSelect : public FutureRow {
    Task<> await() override { co_await select({.timeout = 1h}, future()); }
};

class AwaitCancelTasks : public FutureRow {
    Task<> prepare() override {
        stubborn_ = create_task(ignore_one_cancellation(future()));
        co_await turns();
    }

    Task<> await() override { co_await cancel_tasks(stubborn_); }

    /// Ends with a second cancellation only, or when the future does.
    static Task<> ignore_one_cancellation(Future<int> end) {
        try {
            co_await sleep(1h);
        } catch (const CancelledError&) {  // NOLINT(bugprone-empty-catch): that is the point
        }
        co_await end;
    }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate) override {
        fulfil();
        stubborn_.cancel();
        co_await turns(5);
        CHECK(stubborn_.done());
    }

    TaskHandle<> stubborn_;
};

class AwaitTaskGroup : public FutureRow {
    Task<> await() override {
        TaskGroup group;
        group.spawn(inner());
        co_await group.join();
    }

    Task<> inner() { co_await future(); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }
};

class AwaitSleep : public Row {
    Task<> await() override { co_await sleep(1h); }

    void fulfil() override {}

    [[nodiscard]] bool wakes_at_once() const override { return false; }
};

class AwaitTurn : public Row {
    Task<> await() override { co_await sleep(0s); }

    void fulfil() override {}
};

// --- primitives: what was granted must be there for the next one ---

class AwaitEvent : public Row {
    Task<> await() override { co_await event_.wait(); }

    void fulfil() override { event_.set(); }

    Event event_;
};

class AwaitLock : public Row {
    Task<> prepare() override { co_await lock_.acquire(); }

    Task<> await() override {
        co_await lock_.acquire();
        lock_.release();
    }

    void fulfil() override { lock_.release(); }

    Task<> verify(Fate fate) override {
        CHECK(lock_.locked() == (fate != Fate::kFulfilled));
        co_return;
    }

    Lock lock_;
};

class AwaitScopedLock : public Row {
    Task<> prepare() override { co_await lock_.acquire(); }

    Task<> await() override { const auto held = co_await lock_.scoped(); }

    void fulfil() override { lock_.release(); }

    Task<> verify(Fate fate) override {
        CHECK(lock_.locked() == (fate != Fate::kFulfilled));
        co_return;
    }

    Lock lock_;
};

class AwaitSemaphore : public Row {
    Task<> await() override {
        co_await semaphore_.acquire();
        semaphore_.release();
    }

    void fulfil() override { semaphore_.release(); }

    Task<> verify(Fate fate) override {
        CHECK(semaphore_.value() == (fate == Fate::kFulfilled ? 1 : 0));
        co_return;
    }

    Semaphore semaphore_{0};
};

class AwaitCondition : public Row {
    Task<> await() override {
        const auto held = co_await condition_.scoped();
        co_await condition_.wait();
    }

    void fulfil() override {
        REQUIRE(lock_.try_acquire());
        condition_.notify();
        lock_.release();
    }

    Task<> verify(Fate) override {
        CHECK_FALSE(condition_.locked());
        co_return;
    }

    Lock lock_;
    Condition condition_{lock_};
};

class AwaitGet : public Row {
    Task<> await() override { taken_ += co_await queue_.get(); }

    void fulfil() override { REQUIRE(queue_.try_put(1)); }

    Task<> verify(Fate fate) override {
        CHECK(taken_ + static_cast<int>(queue_.size()) == (fate == Fate::kFulfilled ? 1 : 0));
        co_return;
    }

    Queue<int> queue_;
    int taken_ = 0;
};

class AwaitPut : public Row {
    Task<> prepare() override { co_await queue_.put(1); }

    Task<> await() override {
        co_await queue_.put(2);
        put_ = true;
    }

    void fulfil() override { REQUIRE(queue_.try_get() == 1); }

    Task<> verify(Fate fate) override {
        CHECK(queue_.size() == (fate == Fate::kFulfilled ? 0U : 1U) + (put_ ? 1U : 0U));
        if (fate == Fate::kFulfilled && !put_) {
            CHECK(queue_.try_put(3));
        }
        co_return;
    }

    Queue<int> queue_{1};
    bool put_ = false;
};

class AwaitQueueJoin : public Row {
    Task<> prepare() override { co_await queue_.put(1); }

    Task<> await() override { co_await queue_.join(); }

    void fulfil() override { queue_.task_done(); }

    Queue<int> queue_;
};

// --- what the kernel reports ---

class SocketRow : public Row {
public:
    SocketRow() {
        int pair[2];
        REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) == 0);
        ours_ = UniqueFd(pair[0]);
        theirs_ = UniqueFd(pair[1]);
    }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

protected:
    UniqueFd ours_;
    UniqueFd theirs_;
};

class AwaitReadable : public SocketRow {
    Task<> await() override { co_await readable(ours_.get()); }

    void fulfil() override { REQUIRE(::write(theirs_.get(), "x", 1) == 1); }

    Task<> verify(Fate fate) override {
        char byte = 0;
        CHECK(::read(ours_.get(), &byte, 1) == (fate == Fate::kFulfilled ? 1 : -1));
        co_return;
    }
};

class AwaitWritable : public SocketRow {
    Task<> prepare() override {
        const std::string block(4096, 'x');
        while (::write(ours_.get(), block.data(), block.size()) > 0) {
        }
        co_return;
    }

    Task<> await() override { co_await writable(ours_.get()); }

    void fulfil() override {
        std::string block(65536, 'x');
        while (::read(theirs_.get(), block.data(), block.size()) > 0) {
        }
    }
};

class AwaitSignal : public Row {
    Task<> await() override { last_ = co_await signals_.next(); }

    void fulfil() override { ::raise(SIGUSR1); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate fate) override {
        if (fate == Fate::kFulfilled && last_ == 0) {
            CHECK_AWAIT(wait_for(signals_.next(), 10s), awaited == SIGUSR1);
        }
    }

    Signals signals_{EventLoop::current(), {SIGUSR1}};
    int last_ = 0;
};

class AwaitChild : public Row {
public:
    AwaitChild() : pid_(::fork()) {
        if (pid_ == 0) {
            ::pause();
            ::_exit(0);
        }
    }

private:
    Task<> await() override { reaped_ = (co_await wait_child(pid_)).signal == SIGKILL; }

    void fulfil() override { ::kill(pid_, SIGKILL); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate) override {
        if (!reaped_) {
            ::kill(pid_, SIGKILL);
            const auto ended = co_await wait_child(pid_);
            CHECK(ended.signal == SIGKILL);
        }
    }

    pid_t pid_;
    bool reaped_ = false;
};

// --- what threads do ---

class AwaitChannel : public Row {
    Task<> await() override { item_ = co_await channel_.get(); }

    void fulfil() override { channel_.put(1); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate fate) override {
        if (fate == Fate::kFulfilled && item_ == 0) {
            CHECK_AWAIT(wait_for(channel_.get(), 10s), awaited == 1);
        }
    }

    FromThreadChannel<int> channel_;
    int item_ = 0;
};

class AwaitThread : public Row {
    Task<> await() override {
        co_await pool_.submit([this] { go_on_.wait(); });
    }

    void fulfil() override { go_on_.open(); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate) override {
        go_on_.open();
        CHECK_AWAIT(pool_.submit([] { return 1; }), awaited == 1);
        co_await pool_.close();
    }

    Gate go_on_;
    ThreadPoolExecutor pool_{1};
};

class AwaitIterator : public Row {
    Task<> await() override { item_ = (co_await items_.next()).value(); }

    void fulfil() override { go_on_.open(); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate fate) override {
        go_on_.open();
        if (fate != Fate::kFulfilled || item_ == 0) {
            CHECK_AWAIT(items_.next(), awaited == 1);
        }
        co_await items_.close();
    }

    Gate go_on_;
    IteratorWrapperSeparate<int> items_{[this](Yield<int>& yield) {
        go_on_.wait();
        yield(1);
    }};
    int item_ = 0;
};

class AwaitPoolClose : public Row {
    Task<> prepare() override {
        call_ = pool_.submit([this] { go_on_.wait(); });
        co_return;
    }

    Task<> await() override { co_await pool_.close(); }

    void fulfil() override { go_on_.open(); }

    [[nodiscard]] bool wakes_at_once() const override { return false; }

    Task<> verify(Fate) override {
        go_on_.open();
        co_await pool_.close();
        CHECK_AWAIT(settle(std::move(call_)), awaited.error() != nullptr);
    }

    Gate go_on_;
    ThreadPoolExecutor pool_{1};
    Future<> call_;
};

// --- the columns ---

using MakeRow = std::unique_ptr<Row> (*)();

template <typename Type>
std::unique_ptr<Row> make() {
    return std::make_unique<Type>();
}

struct NamedRow {
    const char* name;
    MakeRow make;
};

constexpr NamedRow kLoopRows[] = {
    {"future", make<AwaitFuture>},
    {"task", make<AwaitTask>},
    {"wait", make<AwaitWait>},
    {"wait_for", make<AwaitWaitFor>},
    {"shield", make<AwaitShield>},
    {"gather", make<AwaitGather>},
    {"gather_settled", make<AwaitGatherSettled>},
    {"select", make<AwaitSelect>},
    {"cancel_tasks", make<AwaitCancelTasks>},
    {"TaskGroup::join", make<AwaitTaskGroup>},
    {"sleep", make<AwaitSleep>},
    {"sleep(0)", make<AwaitTurn>},
    {"Event::wait", make<AwaitEvent>},
    {"Lock::acquire", make<AwaitLock>},
    {"Lock::scoped", make<AwaitScopedLock>},
    {"Semaphore::acquire", make<AwaitSemaphore>},
    {"Condition::wait", make<AwaitCondition>},
    {"Queue::get", make<AwaitGet>},
    {"Queue::put", make<AwaitPut>},
    {"Queue::join", make<AwaitQueueJoin>},
};

constexpr NamedRow kKernelRows[] = {
    {"readable", make<AwaitReadable>},
    {"writable", make<AwaitWritable>},
    {"Signals::next", make<AwaitSignal>},
    {"wait_child", make<AwaitChild>},
    {"FromThreadChannel::get", make<AwaitChannel>},
    {"ThreadPoolExecutor::submit", make<AwaitThread>},
    {"ThreadPoolExecutor::close", make<AwaitPoolClose>},
    {"IteratorWrapper::next", make<AwaitIterator>},
};

Task<> start_and_note(Row* row, bool* started) {
    *started = true;
    co_await row->await();
}

Task<> cancel_before_start(Row* row) {
    co_await row->prepare();
    bool started = false;
    auto task = create_task(start_and_note(row, &started));
    task.cancel();
    co_await turns(2);
    CHECK(task.cancelled());
    CHECK_FALSE(started);
    co_await row->verify(Fate::kNeverAwaited);
}

Task<> cancel_while_parked(Row* row) {
    co_await row->prepare();
    auto task = create_task(row->await());
    co_await turns(row->wakes_at_once() ? 1 : 5);
    CHECK_FALSE(task.done());
    task.cancel();
    CHECK_FALSE(task.done());
    CHECK_AWAIT(settle(std::move(task)), awaited.cancelled());
    co_await row->verify(Fate::kLeftAlone);
}

/// The cancellation comes after the fulfilment, before the task runs again. Where the fulfilment
/// takes a way of its own to the task, both are on their way at once, and either may win.
Task<> cancel_racing_completion(Row* row) {
    co_await row->prepare();
    auto task = create_task(row->await());
    co_await turns(row->wakes_at_once() ? 1 : 5);
    CHECK_FALSE(task.done());
    row->fulfil();
    task.cancel();
    const auto outcome = co_await settle(std::move(task));
    CHECK((outcome.cancelled() || (outcome.has_value() && !row->wakes_at_once())));
    co_await row->verify(Fate::kFulfilled);
}

/// No cancellation at all: what the other columns rely on.
Task<> complete(Row* row) {
    co_await row->prepare();
    auto task = create_task(row->await());
    co_await turns(5);
    row->fulfil();
    const auto outcome = co_await settle(std::move(task));
    CHECK(text_of(outcome) == "value");
    co_await row->verify(Fate::kFulfilled);
}

using Column = Task<> (*)(Row*);

Task<> run_column(MakeRow make_row, Column column) {
    const auto row = make_row();
    co_await column(row.get());
}

template <typename Loop>
void run_rows(std::span<const NamedRow> rows, Column column) {
    for (const NamedRow& row : rows) {
        INFO(row.name);
        Loop loop;
        UnhandledErrors errors(loop);
        loop.run_until_complete(run_column(row.make, column));
        loop.close();
        CHECK(errors.take() == std::vector<std::string>());
    }
}

void run_matrix(Column column) {
    run_rows<VirtualLoop>(kLoopRows, column);
    run_rows<EventLoop>(kKernelRows, column);
}

}  // namespace

TEST_CASE("cancel matrix: completed, not cancelled", "[AS-02]") {
    run_matrix(complete);
}

TEST_CASE("cancel matrix: cancelled before the task starts", "[AS-02]") {
    run_matrix(cancel_before_start);
}

TEST_CASE("cancel matrix: cancelled while the task is parked", "[AS-02]") {
    run_matrix(cancel_while_parked);
}

TEST_CASE("cancel matrix: cancelled after the fulfilment, before the task runs", "[AS-02]") {
    run_matrix(cancel_racing_completion);
}
