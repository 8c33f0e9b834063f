// SPDX-License-Identifier: MIT
// Peer: the same call on Cap'n Proto RPC as it comes, with KJ's event loop and streams on both ends
// of a socketpair. What our own message stream and loop gain over it is the difference to this.
#include "bench.h"
#include "stock_kj.capnp.h"

#include <cstring>

#include <capnp/rpc-twoparty.h>
#include <kj/async-io.h>

#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

namespace {

class EchoImpl final : public bench::StockWorker::Server {
    kj::Promise<void> call(CallContext context) override {
        context.getResults().setResult(context.getParams().getArguments());
        return kj::READY_NOW;
    }
};

[[noreturn]] void serve(int fd) {
    {
        auto io = kj::setupAsyncIo();
        auto stream =
            io.lowLevelProvider->wrapSocketFd(fd, kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        capnp::TwoPartyServer server(kj::heap<EchoImpl>());
        server.accept(kj::mv(stream));
        server.drain().wait(io.waitScope);
    }
    ::_exit(0);
}

/// A forked child that answers, and the parent's client of it.
class Connection {
public:
    Connection() {
        int ends[2];
        if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
            std::perror("socketpair");
            std::exit(1);
        }
        child_ = ::fork();
        if (child_ == 0) {
            ::close(ends[0]);
            serve(ends[1]);
        }
        ::close(ends[1]);
        io_ = kj::heap<kj::AsyncIoContext>(kj::setupAsyncIo());
        stream_ = io_->lowLevelProvider->wrapSocketFd(
            ends[0], kj::LowLevelAsyncIoProvider::TAKE_OWNERSHIP);
        client_ = kj::heap<capnp::TwoPartyClient>(*stream_);
        worker_ = kj::heap(client_->bootstrap().castAs<bench::StockWorker>());
    }

    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    ~Connection() {
        worker_ = nullptr;
        client_ = nullptr;
        stream_ = nullptr;
        io_ = nullptr;
        ::waitpid(child_, nullptr, 0);
    }

    kj::Promise<void> call(kj::ArrayPtr<const kj::byte> arguments) {
        auto request = worker_->callRequest();
        request.setFunction(1);
        request.setArguments(arguments);
        return request.send().ignoreResult();
    }

    kj::Promise<void> calls_in_a_row(int count) {
        if (count == 0) {
            return kj::READY_NOW;
        }
        return call(nullptr).then([this, count] { return calls_in_a_row(count - 1); });
    }

    void wait(kj::Promise<void> promise) { promise.wait(io_->waitScope); }

private:
    pid_t child_ = -1;
    kj::Own<kj::AsyncIoContext> io_;
    kj::Own<kj::AsyncIoStream> stream_;
    kj::Own<capnp::TwoPartyClient> client_;
    kj::Own<bench::StockWorker::Client> worker_;
};

double one_at_a_time(const bench::Options& options) {
    Connection connection;
    connection.wait(connection.calls_in_a_row(100));
    const int calls = options.scaled(20'000);
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        connection.wait(connection.call(nullptr));
    }
    return watch.microseconds_per(calls);
}

double many_in_flight(const bench::Options& options) {
    constexpr int kInFlight = 16;
    Connection connection;
    connection.wait(connection.calls_in_a_row(100));
    const int calls_each = options.scaled(100'000) / kInFlight;
    const bench::Stopwatch watch;
    auto lanes = kj::heapArrayBuilder<kj::Promise<void>>(kInFlight);
    for (int lane = 0; lane < kInFlight; ++lane) {
        lanes.add(connection.calls_in_a_row(calls_each));
    }
    connection.wait(kj::joinPromises(lanes.finish()));
    return watch.rate_of(calls_each * kInFlight);
}

double mebibyte(const bench::Options& options) {
    Connection connection;
    auto block = kj::heapArray<kj::byte>(1 << 20);
    std::memset(block.begin(), 'x', block.size());
    connection.wait(connection.call(block));
    const int calls = options.scaled(500);
    const bench::Stopwatch watch;
    for (int i = 0; i < calls; ++i) {
        connection.wait(connection.call(block));
    }
    return watch.microseconds_per(calls);
}

}  // namespace

int main(int argc, char** argv) {
    return bench::run_rows(
        "stock_kj",
        argc,
        argv,
        {{"one call at a time", "peer:stock KJ streams", "us/call", one_at_a_time},
         {"many in flight", "peer:stock KJ streams", "calls/s", many_in_flight},
         {"1 MiB argument and result", "peer:stock KJ streams", "us/call", mebibyte}});
}
