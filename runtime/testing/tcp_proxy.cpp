// SPDX-License-Identifier: MIT
#include <aiomisc/runtime/testing/tcp_proxy.h>

#include <aiomisc/runtime/base/error.h>
#include <aiomisc/runtime/log/log.h>
#include <aiomisc/runtime/task/cancel_tasks.h>
#include <aiomisc/runtime/task/task_group.h>
#include <aiomisc/runtime/task/wait_for.h>

#include <algorithm>
#include <utility>

namespace aiomisc::testing {

struct TCPProxy::Client {
    Connection from_client;
    std::optional<Connection> to_server{};
    TaskHandle<> task{};
};

TCPProxy::TCPProxy(std::string target_host, std::uint16_t target_port, std::string host)
    : target_host_(std::move(target_host)), target_port_(target_port), host_(std::move(host)) {}

TCPProxy::~TCPProxy() = default;

Task<> TCPProxy::start() {
    listener_.emplace(host_);
    accepting_ = create_task(accept_clients(), "tcp proxy");
    co_return;
}

Task<> TCPProxy::close(Duration limit) {
    if (accepting_) {
        co_await cancel_tasks(accepting_);
    }
    listener_.reset();
    co_await wait_for(disconnect_all(), limit);
}

std::uint16_t TCPProxy::port() const {
    if (!listener_) {
        throw InvalidStateError("the proxy is not started: it has no port");
    }
    return listener_->port();
}

Task<Connection> TCPProxy::create_client() {
    return Connection::open(host_, port());
}

Task<> TCPProxy::disconnect_all() {
    while (!clients_.empty()) {
        const std::unique_ptr<Client> client = std::move(clients_.front());
        clients_.pop_front();
        co_await cancel_tasks(client->task);
    }
}

void TCPProxy::set_delay(Duration read, Duration write) noexcept {
    read_delay_.set(read);
    write_delay_.set(write);
}

void TCPProxy::set_content_processors(Processor read, Processor write) {
    read_processor_ = std::move(read);
    write_processor_ = std::move(write);
}

Task<> TCPProxy::accept_clients() {
    for (;;) {
        Connection connection = co_await listener_->accept();
        std::erase_if(clients_, [](const auto& known) { return known->task.done(); });
        Client* const client =
            clients_.emplace_back(new Client{.from_client = std::move(connection)}).get();
        client->task = create_task(serve(client), "tcp proxy client");
    }
}

Task<> TCPProxy::serve(Client* client) {
    try {
        client->to_server.emplace(co_await Connection::open(target_host_, target_port_));
        TaskGroup pumps;
        pumps.spawn(
            pump(&client->from_client, &*client->to_server, &read_delay_, &read_processor_));
        pumps.spawn(
            pump(&*client->to_server, &client->from_client, &write_delay_, &write_processor_));
        co_await pumps.join();
    } catch (const SystemError& error) {
        log::debug("aiomisc.testing", "proxy: {}", error.what());
    }
    client->from_client.close();
    client->to_server.reset();
}

Task<> TCPProxy::pump(Connection* from, Connection* to, Delay* delay, const Processor* processor) {
    for (;;) {
        std::string chunk = co_await from->read();
        if (chunk.empty()) {
            to->finish();
            co_return;
        }
        co_await delay->wait();
        if (*processor) {
            // A copy: it may be replaced while it runs.
            const Processor process = *processor;
            chunk = co_await process(std::move(chunk));
        }
        co_await to->write(chunk);
    }
}

std::size_t TCPProxy::clients() const noexcept {
    return static_cast<std::size_t>(
        std::ranges::count_if(clients_, [](const auto& client) { return !client->task.done(); }));
}

TCPProxy::Slowdown::Slowdown(TCPProxy& proxy, Duration read, Duration write) noexcept
    : proxy_(proxy),
      read_before_(proxy.read_delay_.get()),
      write_before_(proxy.write_delay_.get()) {
    proxy.set_delay(read, write);
}

TCPProxy::Slowdown::~Slowdown() {
    proxy_.set_delay(read_before_, write_before_);
}

}  // namespace aiomisc::testing
