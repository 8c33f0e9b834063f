// SPDX-License-Identifier: MIT
#pragma once

#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include <sys/types.h>

// The messages of ipc/schema/control.capnp as plain values, so that only their codec sees Cap'n
// Proto. The schema says which descriptors travel beside each.
namespace aiomisc::process {

/// A child of a supervisor, as the parent numbers them. A generation is never used twice for one
/// id, so that a late command cannot reach the child's successor.
struct ChildKey {
    std::uint32_t id = 0;
    std::uint32_t generation = 0;

    auto operator<=>(const ChildKey&) const = default;
};

/// Limits of a child, both soft and hard; what is not set is inherited. A limit over the inherited
/// hard one is lowered to it.
struct ResourceLimits {
    std::optional<std::uint64_t> address_space;  ///< bytes
    std::optional<std::uint64_t> data;           ///< bytes
    std::optional<std::uint64_t> cpu_seconds;    ///< SIGXCPU then; SIGKILL a second later
    std::optional<std::uint64_t> open_files;
    std::optional<std::uint64_t> processes;  ///< of the user, as the kernel counts
    std::optional<std::uint64_t> file_size;  ///< bytes
    std::optional<std::uint64_t> core;       ///< bytes

    bool operator==(const ResourceLimits&) const = default;
};

/// A function of the registry.
struct FunctionId {
    std::uint64_t module = 0;
    std::uint64_t offset = 0;

    bool operator==(const FunctionId&) const = default;
};

/// Where the initializer of a PoolSetup is run.
enum class InitializerUse : std::uint8_t {
    kSupervisor,  ///< there, before it forks workers
    kWorker,      ///< in each worker, before it serves
    kMain,        ///< in each worker, instead of serving; the worker ends with it
};

/// What a supervisor and its workers are to be like.
struct PoolSetup {
    std::string name;
    std::optional<FunctionId> initializer;
    InitializerUse initializer_use = InitializerUse::kSupervisor;
    std::string initializer_path;  ///< of the module it is in; empty for the program itself
    std::vector<std::byte> initializer_argument;
    std::string log_level;
    std::string log_format;
    std::optional<std::string> log_date_format;  ///< none: the format's own
    ResourceLimits limits;                       ///< of every child
    int nice = 0;                                ///< of the workers, added to the inherited value
    int worker_oom_score_adjust = 300;           ///< of every child, added to the inherited value
    int supervisor_oom_score_adjust = 100;       ///< likewise
    std::uint64_t max_payload_bytes = std::uint64_t{64} << 20;  ///< of one call or result

    bool operator==(const PoolSetup&) const = default;
};

struct SpawnWorker {
    ChildKey child;
    bool has_stdout = false;
    bool has_stderr = false;

    bool operator==(const SpawnWorker&) const = default;
};

/// How far a command is set apart from the supervisor.
enum class Grouping : std::uint8_t { kShared, kGroup, kSession };

struct SpawnCommand {
    ChildKey child;
    std::vector<std::string>
        arguments;  ///< the first is looked up in PATH of the command's environment
    bool inherit_environment = true;
    /// NAME=value, added to what is inherited or instead of it; NAME alone takes one away.
    std::vector<std::string> environment;
    std::string working_directory;
    int nice = 0;
    Grouping grouping = Grouping::kGroup;
    bool has_stdin = false;
    bool has_stdout = false;
    bool has_stderr = false;

    bool operator==(const SpawnCommand&) const = default;
};

/// SIGUSR2 to a worker: breaks its blocking system call.
struct Interrupt {
    ChildKey child;

    bool operator==(const Interrupt&) const = default;
};

/// Who gets a signal: the child, the process group it leads, or it and all its descendants.
enum class KillScope : std::uint8_t { kProcess, kGroup, kTree };

struct Kill {
    ChildKey child;
    int signal = 0;
    KillScope scope = KillScope::kProcess;

    bool operator==(const Kill&) const = default;
};

/// End: the children get this time to end by themselves, then SIGTERM, then SIGKILL.
struct Shutdown {
    std::chrono::milliseconds grace{0};

    bool operator==(const Shutdown&) const = default;
};

using SupervisorCommand =
    std::variant<PoolSetup, SpawnWorker, SpawnCommand, Interrupt, Kill, Shutdown>;

struct Ready {
    pid_t pid = 0;

    bool operator==(const Ready&) const = default;
};

/// The supervisor ends after this.
struct InitializerFailed {
    std::string type;
    std::string message;

    bool operator==(const InitializerFailed&) const = default;
};

struct Spawned {
    ChildKey child;
    pid_t pid = 0;

    bool operator==(const Spawned&) const = default;
};

struct SpawnFailed {
    ChildKey child;
    int error = 0;  ///< errno
    std::string operation;

    bool operator==(const SpawnFailed&) const = default;
};

/// What kept a command from being started.
enum class LaunchStep : std::uint8_t { kNone, kRedirect, kEnterDirectory, kLimit, kExecute };

struct Exited {
    ChildKey child;
    pid_t pid = 0;
    int wait_status = 0;  ///< as of wait(2)
    std::uint64_t max_rss_bytes = 0;
    std::chrono::microseconds user_time{0};
    std::chrono::microseconds system_time{0};
    LaunchStep launch_step = LaunchStep::kNone;
    int launch_error = 0;  ///< errno

    bool operator==(const Exited&) const = default;
};

struct Stopped {
    ChildKey child;
    int signal = 0;

    bool operator==(const Stopped&) const = default;
};

struct Continued {
    ChildKey child;

    bool operator==(const Continued&) const = default;
};

/// Something for the log.
struct Warning {
    std::string text;

    bool operator==(const Warning&) const = default;
};

/// The last event of every supervisor, unless the zygote died before it.
struct SupervisorExited {
    int wait_status = 0;

    bool operator==(const SupervisorExited&) const = default;
};

using SupervisorEvent = std::variant<
    Ready,
    InitializerFailed,
    Spawned,
    SpawnFailed,
    Exited,
    Stopped,
    Continued,
    Warning,
    SupervisorExited>;

struct SpawnSupervisor {
    bool operator==(const SpawnSupervisor&) const = default;
};

struct KillSupervisor {
    pid_t pid = 0;

    bool operator==(const KillSupervisor&) const = default;
};

struct ZygoteRequest {
    std::uint32_t sequence = 0;
    std::variant<SpawnSupervisor, KillSupervisor> action;

    bool operator==(const ZygoteRequest&) const = default;
};

struct ZygoteHello {
    pid_t pid = 0;

    bool operator==(const ZygoteHello&) const = default;
};

struct SupervisorSpawned {
    pid_t pid = 0;

    bool operator==(const SupervisorSpawned&) const = default;
};

struct RequestFailed {
    int error = 0;  ///< errno

    bool operator==(const RequestFailed&) const = default;
};

struct RequestDone {
    bool operator==(const RequestDone&) const = default;
};

struct ZygoteReply {
    std::uint32_t sequence = 0;  ///< of the request; 0 for the greeting
    std::variant<ZygoteHello, SupervisorSpawned, RequestFailed, RequestDone> result;

    bool operator==(const ZygoteReply&) const = default;
};

std::vector<std::byte> encode(const SupervisorCommand& command);
std::vector<std::byte> encode(const SupervisorEvent& event);
std::vector<std::byte> encode(const ZygoteRequest& request);
std::vector<std::byte> encode(const ZygoteReply& reply);

// Errors of all four: ProtocolError (not a message of the schema, or one with values out of range).
SupervisorCommand decode_supervisor_command(std::span<const std::byte> body);
SupervisorEvent decode_supervisor_event(std::span<const std::byte> body);
ZygoteRequest decode_zygote_request(std::span<const std::byte> body);
ZygoteReply decode_zygote_reply(std::span<const std::byte> body);

}  // namespace aiomisc::process
