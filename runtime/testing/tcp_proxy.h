// SPDX-License-Identifier: MIT
#pragma once

#include <aiomisc/runtime/task/task.h>
#include <aiomisc/runtime/task/task_handle.h>
#include <aiomisc/runtime/testing/connection.h>
#include <aiomisc/runtime/testing/delay.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>

namespace aiomisc::testing {

/// Stands between a client and a server, and makes the network bad: slow, broken, or lying.
///
///     TCPProxy proxy("127.0.0.1", server_port);
///     co_await proxy.start();
///     proxy.set_delay(100ms);
///     auto client = co_await proxy.create_client();
///
/// "read" is what the client sends to the server, "write" what the server sends to the client. What
/// arrives travels in chunks of at most 64 KiB: each waits for its delay, passes the content
/// processor, and is sent on.
///
/// Affinity:  loop.
/// Idea:      TCPProxy of aiomisc-pytest.
class TCPProxy {
public:
    /// Turns a chunk into what is sent instead.
    using Processor = std::function<Task<std::string>(std::string)>;

    static constexpr std::chrono::seconds kCloseLimit{30};

    TCPProxy(std::string target_host, std::uint16_t target_port, std::string host = "127.0.0.1");
    TCPProxy(const TCPProxy&) = delete;
    TCPProxy& operator=(const TCPProxy&) = delete;
    ~TCPProxy();

    /// Listens. Errors: SystemError.
    Task<> start();

    /// Ends every connection. Errors: TimeoutError.
    Task<> close(Duration limit = kCloseLimit);

    [[nodiscard]] const std::string& host() const noexcept { return host_; }

    /// Errors: InvalidStateError (not started).
    [[nodiscard]] std::uint16_t port() const;

    /// A connection to the proxy. Errors: SystemError.
    Task<Connection> create_client();

    /// Cuts every connection; new ones are welcome.
    Task<> disconnect_all();

    /// For connections there are and will be; a wait under way ends at once.
    void set_delay(Duration read, Duration write = Duration::zero()) noexcept;

    /// The delays until the result goes; then those before are back.
    class [[nodiscard]] Slowdown {
    public:
        Slowdown(TCPProxy& proxy, Duration read, Duration write) noexcept;
        Slowdown(const Slowdown&) = delete;
        Slowdown& operator=(const Slowdown&) = delete;
        ~Slowdown();

    private:
        TCPProxy& proxy_;
        Duration read_before_;
        Duration write_before_;
    };

    Slowdown slowdown(Duration read, Duration write = Duration::zero()) noexcept {
        return {*this, read, write};
    }

    /// None: what arrives is sent on as it is.
    void set_content_processors(Processor read, Processor write);

    /// How many connections there are.
    [[nodiscard]] std::size_t clients() const noexcept;

private:
    struct Client;

    Task<> accept_clients();
    Task<> serve(Client* client);
    Task<> pump(Connection* from, Connection* to, Delay* delay, const Processor* processor);

    std::string target_host_;
    std::uint16_t target_port_;
    std::string host_;
    std::optional<Listener> listener_;
    TaskHandle<> accepting_;
    std::list<std::unique_ptr<Client>> clients_;
    Delay read_delay_;
    Delay write_delay_;
    Processor read_processor_;
    Processor write_processor_;
};

}  // namespace aiomisc::testing
