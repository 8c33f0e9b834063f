// SPDX-License-Identifier: MIT
#include "codec_support.h"

namespace aiomisc::process {

namespace {

using namespace detail;
using Builder = schema::SupervisorEvent::Builder;

schema::LaunchStep to_schema(LaunchStep step) {
    switch (step) {
        case LaunchStep::kRedirect:
            return schema::LaunchStep::REDIRECT;
        case LaunchStep::kEnterDirectory:
            return schema::LaunchStep::ENTER_DIRECTORY;
        case LaunchStep::kLimit:
            return schema::LaunchStep::LIMIT;
        case LaunchStep::kExecute:
            return schema::LaunchStep::EXECUTE;
        case LaunchStep::kNone:
            break;
    }
    return schema::LaunchStep::NONE;
}

LaunchStep from_schema(schema::LaunchStep step) {
    switch (step) {
        case schema::LaunchStep::NONE:
            return LaunchStep::kNone;
        case schema::LaunchStep::REDIRECT:
            return LaunchStep::kRedirect;
        case schema::LaunchStep::ENTER_DIRECTORY:
            return LaunchStep::kEnterDirectory;
        case schema::LaunchStep::LIMIT:
            return LaunchStep::kLimit;
        case schema::LaunchStep::EXECUTE:
            return LaunchStep::kExecute;
    }
    throw_unknown("launch step");
}

void write(Builder root, const Ready& ready) {
    root.setReady(ready.pid);
}

void write(Builder root, const InitializerFailed& failed) {
    auto builder = root.initInitializerFailed();
    builder.setType(as_text(failed.type));
    builder.setMessage(as_text(failed.message));
}

void write(Builder root, const Spawned& spawned) {
    auto builder = root.initSpawned();
    write_key(builder.initChild(), spawned.child);
    builder.setPid(spawned.pid);
}

void write(Builder root, const SpawnFailed& failed) {
    auto builder = root.initSpawnFailed();
    write_key(builder.initChild(), failed.child);
    builder.setErrno(failed.error);
    builder.setOperation(as_text(failed.operation));
}

void write(Builder root, const Exited& exited) {
    auto builder = root.initExited();
    write_key(builder.initChild(), exited.child);
    builder.setPid(exited.pid);
    builder.setWaitStatus(exited.wait_status);
    builder.setMaxRssBytes(exited.max_rss_bytes);
    builder.setUserMicroseconds(static_cast<std::uint64_t>(exited.user_time.count()));
    builder.setSystemMicroseconds(static_cast<std::uint64_t>(exited.system_time.count()));
    builder.setLaunchStep(to_schema(exited.launch_step));
    builder.setLaunchErrno(exited.launch_error);
}

void write(Builder root, const Stopped& stopped) {
    auto builder = root.initStopped();
    write_key(builder.initChild(), stopped.child);
    builder.setSignal(stopped.signal);
}

void write(Builder root, const Continued& continued) {
    write_key(root.initContinued(), continued.child);
}

void write(Builder root, const Warning& warning) {
    root.setWarning(as_text(warning.text));
}

void write(Builder root, const SupervisorExited& exited) {
    root.setSupervisorExited(exited.wait_status);
}

std::chrono::microseconds read_time(std::uint64_t microseconds) {
    return std::chrono::microseconds(static_cast<std::int64_t>(microseconds));
}

Exited read(schema::Exited::Reader reader) {
    return {
        .child = read_key(reader.getChild()),
        .pid = reader.getPid(),
        .wait_status = reader.getWaitStatus(),
        .max_rss_bytes = reader.getMaxRssBytes(),
        .user_time = read_time(reader.getUserMicroseconds()),
        .system_time = read_time(reader.getSystemMicroseconds()),
        .launch_step = from_schema(reader.getLaunchStep()),
        .launch_error = reader.getLaunchErrno()};
}

SupervisorEvent read(schema::SupervisorEvent::Reader reader) {
    switch (reader.which()) {
        case schema::SupervisorEvent::READY:
            return Ready{.pid = reader.getReady()};
        case schema::SupervisorEvent::INITIALIZER_FAILED: {
            const auto failed = reader.getInitializerFailed();
            return InitializerFailed{
                .type = read_text(failed.getType()), .message = read_text(failed.getMessage())};
        }
        case schema::SupervisorEvent::SPAWNED: {
            const auto spawned = reader.getSpawned();
            return Spawned{.child = read_key(spawned.getChild()), .pid = spawned.getPid()};
        }
        case schema::SupervisorEvent::SPAWN_FAILED: {
            const auto failed = reader.getSpawnFailed();
            return SpawnFailed{
                .child = read_key(failed.getChild()),
                .error = failed.getErrno(),
                .operation = read_text(failed.getOperation())};
        }
        case schema::SupervisorEvent::EXITED:
            return read(reader.getExited());
        case schema::SupervisorEvent::STOPPED: {
            const auto stopped = reader.getStopped();
            return Stopped{.child = read_key(stopped.getChild()), .signal = stopped.getSignal()};
        }
        case schema::SupervisorEvent::CONTINUED:
            return Continued{.child = read_key(reader.getContinued())};
        case schema::SupervisorEvent::WARNING:
            return Warning{.text = read_text(reader.getWarning())};
        case schema::SupervisorEvent::SUPERVISOR_EXITED:
            return SupervisorExited{.wait_status = reader.getSupervisorExited()};
    }
    throw_unknown("event");
}

}  // namespace

std::vector<std::byte> encode(const SupervisorEvent& event) {
    return encode_message<schema::SupervisorEvent>(
        [&](Builder root) { std::visit([&](const auto& value) { write(root, value); }, event); });
}

SupervisorEvent decode_supervisor_event(std::span<const std::byte> body) {
    return decode_message<schema::SupervisorEvent>(
        body, [](schema::SupervisorEvent::Reader root) { return read(root); });
}

}  // namespace aiomisc::process
