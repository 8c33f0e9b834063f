// SPDX-License-Identifier: MIT
// The half of Pool that keeps processes: supervisor, workers, start and end.

#include "pool.h"

#include "worker_hooks.h"

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/kj/event_port.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/timer_queue.h>
#include <aiomisc/worker/process/wait_status.h>
#include <aiomisc/worker/process/zygote.h>

#include <algorithm>
#include <array>
#include <csignal>
#include <set>
#include <string>
#include <thread>
#include <utility>

#include <fmt/format.h>

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace aiomisc::detail {

namespace {

using std::chrono::milliseconds;

/// What a worker gets to end by itself after its channel was closed.
constexpr milliseconds kShutdownGrace{200};
/// After the grace the supervisor terminates and kills; it is gone by then, or is killed itself.
constexpr milliseconds kShutdownLimit{1000};

/// Ends the pools of a loop before what they live on goes.
class PoolRegistry final : public LoopExtension {
public:
    explicit PoolRegistry(EventLoop& /*loop*/) {}

    PoolRegistry(const PoolRegistry&) = delete;
    PoolRegistry& operator=(const PoolRegistry&) = delete;

    ~PoolRegistry() override {
        // Without asking the loop for this registry, which it has no more.
        for (Pool* pool : std::exchange(pools, {})) {
            pool->loop_closes();
        }
    }

    std::set<Pool*> pools;
};

std::pair<UniqueFd, UniqueFd> make_socket_pair() {
    std::array<int, 2> fds{};
    if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds.data()) < 0) {
        throw SystemError::from_errno("create channel of a worker");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

/// Reading end, writing end.
std::pair<UniqueFd, UniqueFd> make_pipe() {
    std::array<int, 2> fds{};
    if (::pipe2(fds.data(), O_CLOEXEC) < 0) {
        throw SystemError::from_errno("create pipe for the output of a worker");
    }
    return {UniqueFd(fds[0]), UniqueFd(fds[1])};
}

template <typename... Functions>
struct Overloaded : Functions... {
    using Functions::operator()...;
};

}  // namespace

std::size_t available_processors() noexcept {
    cpu_set_t set;
    if (::sched_getaffinity(0, sizeof set, &set) == 0) {
        return static_cast<std::size_t>(std::max(CPU_COUNT(&set), 1));
    }
    return std::max(std::thread::hardware_concurrency(), 1U);
}

Pool::Pool(EventLoop& loop, WorkerPoolOptions options, PoolKind kind)
    : loop_(loop),
      options_(std::move(options)),
      kind_(kind),
      slots_(options_.workers > 0 ? options_.workers : available_processors()),
      generations_(slots_.size(), 0),
      restarts_(options_.restart_limit, options_.restart_window, slots_.size()) {
    loop_.extension<KjLoop>();
    loop_.extension<PoolRegistry>().pools.insert(this);
    const std::string& name =
        options_.statistic_name.empty() ? options_.name : options_.statistic_name;
    if (is_executor()) {
        executor_statistic_.emplace(name);
    } else {
        pool_statistic_.emplace(name);
    }
}

Pool::~Pool() {
    abandon();
}

void Pool::loop_closes() noexcept {
    abandoned_ = true;
    abandon();
}

void Pool::abandon() noexcept {
    if (state_ != State::kClosed) {
        const auto closed =
            std::make_exception_ptr(PoolClosed(options_.name + ": the pool is closed"));
        state_ = State::kClosed;
        fail_all(closed);
    }
    if (!std::exchange(abandoned_, true)) {
        loop_.extension<PoolRegistry>().pools.erase(this);
    }
    respawn_timer_.cancel();
    start_limit_timer_.cancel();
    look_timer_.cancel();
    dispatch_handle_.cancel();
    burial_.cancel();
    // The end of the control socket makes the supervisor kill everything below it. One that is in
    // its initializer does not look at the socket.
    if (supervisor_ && !supervisor_->closed() && !supervisor_ready_) {
        kill_supervisor();
    }
    supervisor_.reset();
    drop_workers();
    publish_processes();
    wake_waiters();
}

void Pool::kill_supervisor() noexcept {
    if (supervisor_->kill()) {
        return;
    }
    try {
        process::Zygote::ensure(worker_hooks()).kill_supervisor(supervisor_pid_, kShutdownLimit);
    } catch (const std::exception& error) {
        log::error(
            "aiomisc.pool", "{}: cannot kill the supervisor: {}", options_.name, error.what());
    }
}

void Pool::drop_workers() noexcept {
    for (auto* group : {&slots_, &retiring_}) {
        for (auto& worker : *group) {
            if (!worker) {
                continue;
            }
            for (Work* work : worker->link().outstanding()) {
                settle(*work);
            }
            worker.reset();
        }
    }
    retiring_.clear();
    graveyard_.clear();
}

void Pool::throw_unless_open() const {
    switch (state_) {
        case State::kRunning:
            return;
        case State::kNew:
        case State::kStarting:
            if (is_executor()) {
                return;
            }
            throw PoolClosed(options_.name + ": the pool is not started: co_await start() first");
        case State::kDraining:
        case State::kClosing:
        case State::kClosed:
            throw PoolClosed(options_.name + ": the pool is closed");
        case State::kBroken:
            std::rethrow_exception(broken_);
    }
}

template <typename Condition>
Task<bool> Pool::wait_until(Condition condition, TimePoint deadline) {
    struct Timer {
        CallHandle handle;

        explicit Timer(CallHandle call) noexcept : handle(std::move(call)) {}

        Timer(const Timer&) = delete;
        Timer& operator=(const Timer&) = delete;

        ~Timer() { handle.cancel(); }
    };

    bool in_time = true;
    const Timer timer(loop_.call_later(deadline - loop_.now(), [this, &in_time] {
        in_time = false;
        wake_waiters();
    }));
    // No wait_for(): its task would begin to wait a turn later, and miss what another waiter has
    // cleared by then.
    while (!condition() && in_time) {
        changed_.clear();
        co_await changed_.wait();
    }
    co_return condition();
}

/// A place in the line before a full queue. Whoever leaves it lets the next one look.
class Pool::PlaceInLine {
public:
    explicit PlaceInLine(Pool& pool)
        : pool_(pool), position_(pool.line_.insert(pool.line_.end(), &turn_)) {}

    PlaceInLine(const PlaceInLine&) = delete;
    PlaceInLine& operator=(const PlaceInLine&) = delete;

    ~PlaceInLine() {
        pool_.line_.erase(position_);
        pool_.wake_first_in_line();
    }

    [[nodiscard]] bool is_first() const noexcept { return position_ == pool_.line_.begin(); }

    Event& turn() noexcept { return turn_; }

private:
    Pool& pool_;
    Event turn_;
    std::list<Event*>::iterator position_;
};

Task<> Pool::room() {
    const auto self = shared_from_this();
    // Nobody passes those who wait: a producer that comes back at once would get every place.
    if (state_ == State::kRunning && !(has_room() && line_.empty())) {
        PlaceInLine place(*this);
        while (state_ == State::kRunning && !(has_room() && place.is_first())) {
            place.turn().clear();
            co_await place.turn().wait();
        }
    }
    throw_unless_open();
}

void Pool::wake_waiters() noexcept {
    changed_.set();
    wake_first_in_line();
}

void Pool::wake_first_in_line() noexcept {
    if (!line_.empty() && (has_room() || state_ != State::kRunning)) {
        line_.front()->set();
    }
}

Task<> Pool::start() {
    const auto self = shared_from_this();
    if (state_ == State::kNew) {
        begin_start();
    } else if (!is_executor()) {
        throw InvalidStateError(options_.name + ": a pool is started once");
    }
    // The events decide, not this coroutine: whoever awaits it may be cancelled.
    while (state_ == State::kStarting) {
        changed_.clear();
        co_await changed_.wait();
    }
    if (state_ == State::kBroken) {
        std::rethrow_exception(initializer_error_ ? initializer_error_ : broken_);
    }
    if (state_ != State::kRunning) {
        throw PoolClosed(options_.name + ": the pool was closed while it started");
    }
}

void Pool::begin_start() {
    state_ = State::kStarting;
    try {
        open_supervisor();
    } catch (const std::exception& error) {
        break_pool(std::string("it cannot be started: ") + error.what());
        throw;
    }
    start_limit_timer_ = loop_.call_later(options_.start_timeout, [this] {
        if (state_ == State::kStarting || (runs() && !supervisor_ready_)) {
            break_pool(fmt::format("not ready within {} ms", options_.start_timeout.count()));
        }
    });
}

/// Whether the start has come to its end, one way or the other.
void Pool::advance_start() noexcept {
    if (state_ != State::kStarting) {
        return;
    }
    if (initializer_error_) {
        break_pool("the initializer failed: " + describe_exception(initializer_error_));
    } else if (!supervisor_ || supervisor_->closed()) {
        break_pool("the supervisor ended before the workers were ready: " + supervisor_ending_);
    } else if (supervisor_ready_ && std::ranges::all_of(slots_, [](const auto& worker) {
                   return worker && worker->state() == PoolWorker::State::kReady;
               })) {
        start_limit_timer_.cancel();
        state_ = State::kRunning;
        log::debug(
            "aiomisc.pool",
            "{}: {} workers, supervisor {}",
            options_.name,
            slots_.size(),
            supervisor_pid_);
        dispatch();  // what was submitted meanwhile
    }
}

void Pool::open_supervisor() {
    process::PoolSetup setup;
    setup.name = options_.name;
    setup.log_level = log::level_name(log::level());
    setup.log_format = log::format_name(log::format());
    setup.log_date_format = log::date_format();
    setup.limits = options_.limits;
    setup.nice = options_.nice;
    setup.max_payload_bytes = options_.max_payload_bytes;
    if (options_.initializer) {
        const FunctionKey key = key_of(options_.initializer->thunk());
        setup.initializer = process::FunctionId{key.module, key.offset};
        setup.initializer_use =
            is_executor() ? process::InitializerUse::kWorker : process::InitializerUse::kSupervisor;
        setup.initializer_path = path_of_module(key.module);
        const auto arguments = options_.initializer->arguments();
        setup.initializer_argument.assign(arguments.begin(), arguments.end());
    }
    process::SupervisorLink link =
        process::SupervisorLink::start(process::Zygote::ensure(worker_hooks()), setup);
    if (link.zygote_start().forked && link.zygote_start().other_threads > 0) {
        log::warning(
            "aiomisc.pool",
            "{}: the zygote was forked while the process had {} other threads: start pools, or use "
            "aiomisc::run(), "
            "before threads",
            options_.name,
            link.zygote_start().other_threads);
    }
    supervisor_pid_ = link.pid();
    supervisor_ready_ = false;
    supervisor_ = std::make_unique<SupervisorLink>(
        loop_, std::move(link), [this](process::SupervisorEvent* event) {
            if (event != nullptr) {
                on_supervisor_event(event);
            } else {
                on_supervisor_gone();
            }
        });
}

void Pool::on_supervisor_event(process::SupervisorEvent* event) {
    std::visit(
        Overloaded{
            [this](const process::Ready&) {
                supervisor_ready_ = true;
                if (state_ != State::kStarting) {
                    start_limit_timer_.cancel();
                }
                ensure_workers();
            },
            [this](const process::InitializerFailed& failure) {
                initializer_error_ = initializer_error(failure);
                if (runs()) {
                    break_pool(
                        "the initializer failed in a new supervisor: " +
                        describe_exception(initializer_error_));
                }
            },
            [this](const process::Spawned& spawned) {
                if (PoolWorker* worker = find(spawned.child)) {
                    ++statistics_.spawned;
                    worker->spawned(spawned.pid);
                    publish_processes();
                    dispatch();
                }
            },
            [this](const process::SpawnFailed& failure) {
                if (PoolWorker* worker = find(failure.child)) {
                    worker->could_not_spawn(
                        SystemError::from_code(failure.error, failure.operation).what());
                }
            },
            [this](const process::Exited& exited) {
                if (PoolWorker* worker = find(exited.child)) {
                    const int status = exited.wait_status;
                    const bool killed = WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
                    worker->exited(exited, killed && oom_.explains_death());
                }
            },
            [this](const process::Stopped& stopped) {
                if (suspended_.erase(stopped.child) > 0) {
                    return;
                }
                log::warning(
                    "aiomisc.pool",
                    "{}: worker {} was stopped",
                    options_.name,
                    stopped.child.id + 1);
            },
            [](const process::Continued&) {},
            [this](const process::Warning& warning) {
                log::warning("aiomisc.pool", "{}: {}", options_.name, warning.text);
            },
            [this](const process::SupervisorExited& exited) {
                supervisor_ending_ = process::describe_wait_status(exited.wait_status);
            }},
        *event);
    advance_start();
    wake_waiters();
}

PoolWorker* Pool::find(process::ChildKey key) noexcept {
    for (auto* group : {&slots_, &retiring_}) {
        for (const auto& worker : *group) {
            if (worker && worker->key() == key) {
                return worker.get();
            }
        }
    }
    return nullptr;
}

void Pool::on_supervisor_gone() {
    start_limit_timer_.cancel();  // the next has its own
    if (runs()) {
        log::error(
            "aiomisc.pool", "{}: the supervisor is gone ({})", options_.name, supervisor_ending_);
    }
    // Each may remove itself while we go on.
    std::vector<PoolWorker*> workers;
    for (auto* group : {&slots_, &retiring_}) {
        for (const auto& worker : *group) {
            if (worker) {
                workers.push_back(worker.get());
            }
        }
    }
    for (PoolWorker* worker : workers) {
        worker->supervisor_gone();
    }
    advance_start();
    restart_supervisor();
    wake_waiters();
}

void Pool::restart_supervisor(Duration at_least) noexcept {
    const bool old_ones_left =
        !retiring_.empty() ||
        std::ranges::any_of(slots_, [](const auto& worker) { return worker != nullptr; });
    // Only once, when the last of its workers is gone: no two sets of workers live side by side.
    if (!runs() || old_ones_left || restarting_) {
        return;
    }
    if (is_executor()) {
        break_pool("its supervisor " + supervisor_ending_);
        return;
    }
    const auto delay = restarts_.died(loop_.now(), "the supervisor " + supervisor_ending_);
    if (!delay) {
        break_pool("its supervisor dies again and again: " + restarts_.history());
        return;
    }
    restarting_ = true;
    respawn_timer_.cancel();
    respawn_timer_ =
        loop_.call_later(std::max(*delay, at_least), [this] { open_supervisor_again(); });
}

void Pool::open_supervisor_again() noexcept {
    restarting_ = false;
    try {
        open_supervisor();
    } catch (const std::exception& error) {
        // Memory, descriptors or processes ran out, and may be there again soon.
        supervisor_ending_ = std::string("cannot be started: ") + error.what();
        log::error("aiomisc.pool", "{}: a supervisor {}", options_.name, supervisor_ending_);
        restart_supervisor(milliseconds(200));
        return;
    }
    start_limit_timer_.cancel();
    start_limit_timer_ = loop_.call_later(options_.start_timeout, [this] {
        if (!supervisor_ready_) {
            break_pool("a new supervisor was not ready in time");
        }
    });
}

void Pool::worker_lost(const std::string& how, Duration at_least) noexcept {
    if (!keeps_workers()) {
        return;
    }
    const auto delay = restarts_.died(loop_.now(), how);
    if (!delay) {
        break_pool("its workers die again and again: " + restarts_.history());
        return;
    }
    const Duration wait = std::max(*delay, at_least);
    if (wait <= Duration::zero()) {
        ensure_workers();
    } else {
        respawn_timer_.cancel();
        respawn_timer_ = loop_.call_later(wait, [this] { ensure_workers(); });
    }
}

void Pool::ensure_workers() noexcept {
    if (!supervisor_ready_ || !supervisor_ || supervisor_->closed() || !keeps_workers()) {
        return;
    }
    for (std::size_t slot = 0; slot < slots_.size(); ++slot) {
        if (slots_[slot]) {
            continue;
        }
        try {
            spawn_worker(slot);
        } catch (const std::exception& error) {
            log::error(
                "aiomisc.pool", "{}: cannot start a worker: {}", options_.name, error.what());
            worker_lost(error.what(), milliseconds(200));
            return;
        }
    }
    publish_processes();
}

void Pool::spawn_worker(std::size_t slot) {
    auto [our_end, worker_end] = make_socket_pair();
    auto [page, page_file] =
        process::WorkerPage::create(SharedArea::page_bytes(options_.shared_memory_bytes));
    std::vector<UniqueFd> descriptors;
    descriptors.push_back(std::move(worker_end));
    descriptors.push_back(std::move(page_file));
    PoolWorker::Channel channel{std::move(our_end), std::move(page), UniqueFd(), UniqueFd()};
    const bool capture = options_.capture_output;
    if (capture) {
        for (UniqueFd* reading_end : {&channel.out, &channel.err}) {
            auto [reading, writing] = make_pipe();
            *reading_end = std::move(reading);
            descriptors.push_back(std::move(writing));
        }
    }
    const process::ChildKey key{static_cast<std::uint32_t>(slot), ++generations_[slot]};
    slots_[slot] = std::make_unique<PoolWorker>(
        loop_, key, std::move(channel), options_, static_cast<PoolWorkerListener&>(*this));
    supervisor_->send(process::SpawnWorker{key, capture, capture}, std::move(descriptors));
}

void Pool::suspend() noexcept {
    if (!supervisor_ || supervisor_->closed()) {
        return;
    }
    // Twice: what was forked while the first was on its way is found by the second.
    for (int turn = 0; turn < 2; ++turn) {
        signal_workers(SIGSTOP);
    }
    for (const auto& worker : slots_) {
        if (worker) {
            suspended_.insert(worker->key());
        }
    }
}

void Pool::resume() noexcept {
    if (supervisor_ && !supervisor_->closed()) {
        signal_workers(SIGCONT);
    }
}

void Pool::signal_workers(int signal) noexcept {
    for (const auto& worker : slots_) {
        if (worker) {
            supervisor_->send(process::Kill{worker->key(), signal, process::KillScope::kTree});
        }
    }
}

/// Slots whose worker is not ready yet.
std::size_t Pool::replacements() const noexcept {
    return static_cast<std::size_t>(std::ranges::count_if(slots_, [](const auto& worker) {
        return !worker || worker->state() == PoolWorker::State::kStarting;
    }));
}

void Pool::recycle_if_due(PoolWorker& worker) noexcept {
    if (!runs() || worker.state() != PoolWorker::State::kReady || worker.link().in_flight() > 0) {
        return;
    }
    const bool by_calls =
        options_.recycle_after_calls > 0 && worker.calls() >= options_.recycle_after_calls;
    const bool by_memory = options_.recycle_above_rss_bytes > 0 &&
                           worker.resident_bytes() > options_.recycle_above_rss_bytes;
    // Only a part at once: one that is over its memory can serve until its turn comes, after
    // another call. One that has made its calls cannot, and waiting would gain nothing.
    if (!by_calls &&
        (!by_memory || replacements() >= std::max<std::size_t>(slots_.size() / 4, 1))) {
        return;
    }
    ++statistics_.recycled;
    const auto slot = std::ranges::find_if(
        slots_, [&worker](const auto& other) { return other.get() == &worker; });
    worker.retire();
    retiring_.push_back(std::move(*slot));
    // The new one is forked while the old one ends.
    ensure_workers();
}

void Pool::break_pool(const std::string& reason) noexcept {
    if (state_ == State::kBroken || state_ == State::kClosed) {
        return;
    }
    // Whoever awaits start() is told.
    const bool told = state_ == State::kStarting && !is_executor();
    log::log(
        told ? log::Level::kDebug : log::Level::kError,
        "aiomisc.pool",
        "{}: broken: {}",
        options_.name,
        reason);
    state_ = State::kBroken;
    broken_ = broken_by(reason);
    fail_all(broken_);
    if (supervisor_) {
        supervisor_->send(process::Shutdown{milliseconds(0)});
    }
    wake_waiters();
}

std::exception_ptr Pool::broken_by(const std::string& reason) const {
    const std::string text = options_.name + " is broken: " + reason;
    return is_executor() ? std::make_exception_ptr(BrokenProcessPool(text))
                         : std::make_exception_ptr(PoolBroken(text));
}

void Pool::bury(std::unique_ptr<PoolWorker> worker) noexcept {
    graveyard_.push_back(std::move(worker));
    if (graveyard_.size() == 1) {
        burial_ = loop_.call_soon([this] { graveyard_.clear(); });
    }
}

bool Pool::all_idle() const noexcept {
    return queue_.empty() && std::ranges::all_of(slots_, [](const auto& worker) {
               return !worker || worker->link().in_flight() == 0;
           });
}

void Pool::begin_close(CloseOptions options) {
    if (state_ == State::kNew) {
        abandon();
    }
    if (state_ == State::kDraining && !options.graceful) {
        state_ = State::kClosing;  // this caller does not wait for the calls
        wake_waiters();
    }
    if (!closing_ && state_ != State::kClosed) {
        // At once: nothing is accepted any more, and who closes next finds it so.
        if (state_ != State::kBroken) {
            // An executor that starts has calls that wait for that.
            const bool drains = options.graceful && (state_ == State::kRunning ||
                                                     (is_executor() && state_ == State::kStarting));
            state_ = drains ? State::kDraining : State::kClosing;
        }
        // A task of its own: it goes on when whoever awaits close() is cancelled.
        closing_ = create_task(close_once(shared_from_this(), options), "close " + options_.name);
    }
}

Task<> Pool::close(CloseOptions options) {
    const auto self = shared_from_this();
    begin_close(options);
    co_await closed();
}

Task<> Pool::closed() {
    const auto self = shared_from_this();
    while (state_ != State::kClosed) {
        changed_.clear();
        co_await changed_.wait();
    }
}

Task<> Pool::close_once(std::shared_ptr<Pool> self, CloseOptions options) {
    Pool& pool = *self;
    pool.wake_waiters();
    if (pool.state_ == State::kDraining) {
        co_await pool.wait_until(
            [&pool] { return pool.all_idle() || pool.state_ != State::kDraining; },
            deadline_after(pool.loop_.now(), options.timeout));
    }
    if (pool.state_ != State::kBroken) {
        pool.state_ = State::kClosing;
    }
    try {
        co_await pool.close_processes();
    } catch (const std::exception& error) {
        // What is left ends with the control socket.
        log::error("aiomisc.pool", "{}: close: {}", pool.options_.name, error.what());
    }
    pool.abandon();
    // The pool may be destroyed with this task, but not while the task still runs in it.
    std::move(pool.closing_).release();
}

Task<> Pool::close_processes() {
    const auto closed =
        std::make_exception_ptr(PoolClosed(options_.name + ": the pool was closed"));
    fail_all(closed);
    wake_waiters();
    respawn_timer_.cancel();
    start_limit_timer_.cancel();
    if (!supervisor_ || supervisor_->closed()) {
        co_return;
    }
    for (const auto& worker : slots_) {
        if (worker) {
            supervisor_->send(process::Interrupt{worker->key()});
            worker->retire();
        }
    }
    if (supervisor_ready_) {
        supervisor_->send(process::Shutdown{kShutdownGrace});
    } else {
        kill_supervisor();  // it is in its initializer, and does not listen; it has no workers yet
    }
    const auto gone = [this] { return !supervisor_ || supervisor_->closed(); };
    if (co_await wait_until(gone, loop_.now() + kShutdownGrace + kShutdownLimit)) {
        co_return;
    }
    log::warning("aiomisc.pool", "{}: the supervisor does not end, it is killed", options_.name);
    kill_supervisor();
    if (!co_await wait_until(gone, loop_.now() + kShutdownLimit)) {
        log::error(
            "aiomisc.pool",
            "{}: supervisor {} survived being killed",
            options_.name,
            supervisor_pid_);
    }
}

std::vector<pid_t> Pool::pids() const {
    std::vector<pid_t> pids;
    for (const auto& worker : slots_) {
        if (worker && worker->pid() > 0 && worker->state() == PoolWorker::State::kReady) {
            pids.push_back(worker->pid());
        }
    }
    return pids;
}

WorkerPoolStatistics Pool::statistics() const {
    WorkerPoolStatistics statistics = statistics_;
    statistics.queued = queue_.calls() + queue_.calls_in_chunks();
    for (const auto& worker : slots_) {
        if (worker) {
            statistics.running += worker->link().calls_in_flight();
            statistics.workers += worker->state() == PoolWorker::State::kReady ? 1 : 0;
        }
    }
    return statistics;
}

void Pool::publish_processes() noexcept {
    std::size_t ready = 0;
    std::size_t spawning = 0;
    for (const auto& worker : slots_) {
        ready += worker && worker->state() == PoolWorker::State::kReady ? 1 : 0;
        spawning += worker && worker->state() == PoolWorker::State::kStarting ? 1 : 0;
    }
    if (pool_statistic_) {
        pool_statistic_->processes = static_cast<double>(ready);
        pool_statistic_->spawning = static_cast<double>(spawning);
    } else {
        executor_statistic_->processes = static_cast<double>(ready);
    }
}

}  // namespace aiomisc::detail
