// SPDX-License-Identifier: MIT
#include "codec_support.h"

#include <array>

namespace aiomisc::process {

namespace {

using namespace detail;
using Resource = schema::ResourceLimit::Resource;

struct LimitField {
    Resource resource;
    std::optional<std::uint64_t> ResourceLimits::* value;
};

constexpr std::array kLimitFields{
    LimitField{Resource::ADDRESS_SPACE, &ResourceLimits::address_space},
    LimitField{Resource::DATA, &ResourceLimits::data},
    LimitField{Resource::CPU_SECONDS, &ResourceLimits::cpu_seconds},
    LimitField{Resource::OPEN_FILES, &ResourceLimits::open_files},
    LimitField{Resource::PROCESSES, &ResourceLimits::processes},
    LimitField{Resource::FILE_SIZE, &ResourceLimits::file_size},
    LimitField{Resource::CORE, &ResourceLimits::core},
};

void write_limits(schema::PoolSetup::Builder builder, const ResourceLimits& limits) {
    unsigned count = 0;
    for (const LimitField& field : kLimitFields) {
        count += (limits.*field.value).has_value() ? 1 : 0;
    }
    auto list = builder.initLimits(count);
    unsigned index = 0;
    for (const LimitField& field : kLimitFields) {
        if (const auto& value = limits.*field.value) {
            list[index].setResource(field.resource);
            list[index].setValue(*value);
            ++index;
        }
    }
}

ResourceLimits read_limits(capnp::List<schema::ResourceLimit>::Reader list) {
    ResourceLimits limits;
    for (auto entry : list) {
        bool known = false;
        for (const LimitField& field : kLimitFields) {
            if (field.resource == entry.getResource()) {
                limits.*field.value = entry.getValue();
                known = true;
            }
        }
        if (!known) {
            throw_unknown("resource");
        }
    }
    return limits;
}

using SchemaUse = schema::PoolSetup::InitializerUse;

SchemaUse to_schema(InitializerUse use) {
    switch (use) {
        case InitializerUse::kWorker:
            return SchemaUse::WORKER;
        case InitializerUse::kMain:
            return SchemaUse::MAIN;
        case InitializerUse::kSupervisor:
            break;
    }
    return SchemaUse::SUPERVISOR;
}

InitializerUse from_schema(SchemaUse use) {
    switch (use) {
        case SchemaUse::SUPERVISOR:
            return InitializerUse::kSupervisor;
        case SchemaUse::WORKER:
            return InitializerUse::kWorker;
        case SchemaUse::MAIN:
            return InitializerUse::kMain;
    }
    throw_unknown("use of the initializer");
}

void write(schema::SupervisorCommand::Builder root, const PoolSetup& setup) {
    auto builder = root.initConfigure();
    builder.setName(as_text(setup.name));
    if (setup.initializer) {
        builder.setHasInitializer(true);
        builder.getInitializer().setModule(setup.initializer->module);
        builder.getInitializer().setOffset(setup.initializer->offset);
    }
    builder.setInitializerPath(as_data(setup.initializer_path));
    builder.setInitializerUse(to_schema(setup.initializer_use));
    const auto& argument = setup.initializer_argument;
    builder.setInitializerArgument(
        {reinterpret_cast<const kj::byte*>(argument.data()), argument.size()});
    builder.setLogLevel(as_text(setup.log_level));
    builder.setLogFormat(as_text(setup.log_format));
    if (setup.log_date_format) {
        builder.setLogDateFormat(as_text(*setup.log_date_format));
    }
    write_limits(builder, setup.limits);
    builder.setNice(setup.nice);
    builder.setWorkerOomScoreAdjust(setup.worker_oom_score_adjust);
    builder.setSupervisorOomScoreAdjust(setup.supervisor_oom_score_adjust);
    builder.setMaxPayloadBytes(setup.max_payload_bytes);
}

PoolSetup read(schema::PoolSetup::Reader reader) {
    PoolSetup setup;
    setup.name = read_text(reader.getName());
    if (reader.getHasInitializer()) {
        setup.initializer = FunctionId{
            .module = reader.getInitializer().getModule(),
            .offset = reader.getInitializer().getOffset()};
    }
    setup.initializer_path = read_system_string(reader.getInitializerPath());
    setup.initializer_use = from_schema(reader.getInitializerUse());
    const auto argument = reader.getInitializerArgument();
    const auto* bytes = reinterpret_cast<const std::byte*>(argument.begin());
    setup.initializer_argument.assign(bytes, bytes + argument.size());
    setup.log_level = read_text(reader.getLogLevel());
    setup.log_format = read_text(reader.getLogFormat());
    if (reader.hasLogDateFormat()) {
        setup.log_date_format = read_text(reader.getLogDateFormat());
    }
    setup.limits = read_limits(reader.getLimits());
    setup.nice = reader.getNice();
    setup.worker_oom_score_adjust = reader.getWorkerOomScoreAdjust();
    setup.supervisor_oom_score_adjust = reader.getSupervisorOomScoreAdjust();
    setup.max_payload_bytes = reader.getMaxPayloadBytes();
    return setup;
}

void write(schema::SupervisorCommand::Builder root, const SpawnWorker& spawn) {
    auto builder = root.initSpawnWorker();
    write_key(builder.initChild(), spawn.child);
    builder.setHasStdout(spawn.has_stdout);
    builder.setHasStderr(spawn.has_stderr);
}

SpawnWorker read(schema::SpawnWorker::Reader reader) {
    return {
        .child = read_key(reader.getChild()),
        .has_stdout = reader.getHasStdout(),
        .has_stderr = reader.getHasStderr()};
}

schema::SpawnCommand::Grouping to_schema(Grouping grouping) {
    switch (grouping) {
        case Grouping::kGroup:
            return schema::SpawnCommand::Grouping::GROUP;
        case Grouping::kSession:
            return schema::SpawnCommand::Grouping::SESSION;
        case Grouping::kShared:
            break;
    }
    return schema::SpawnCommand::Grouping::SHARED;
}

Grouping from_schema(schema::SpawnCommand::Grouping grouping) {
    switch (grouping) {
        case schema::SpawnCommand::Grouping::SHARED:
            return Grouping::kShared;
        case schema::SpawnCommand::Grouping::GROUP:
            return Grouping::kGroup;
        case schema::SpawnCommand::Grouping::SESSION:
            return Grouping::kSession;
    }
    throw_unknown("grouping");
}

template <typename List>
void write_strings(List list, const std::vector<std::string>& strings) {
    for (unsigned i = 0; i < list.size(); ++i) {
        list.set(i, as_data(strings[i]));
    }
}

std::vector<std::string> read_strings(capnp::List<capnp::Data>::Reader list) {
    std::vector<std::string> strings;
    strings.reserve(list.size());
    for (auto entry : list) {
        strings.push_back(read_system_string(entry));
    }
    return strings;
}

void write(schema::SupervisorCommand::Builder root, const SpawnCommand& spawn) {
    auto builder = root.initSpawnCommand();
    write_key(builder.initChild(), spawn.child);
    write_strings(
        builder.initArguments(static_cast<unsigned>(spawn.arguments.size())), spawn.arguments);
    builder.setInheritEnvironment(spawn.inherit_environment);
    write_strings(
        builder.initEnvironment(static_cast<unsigned>(spawn.environment.size())),
        spawn.environment);
    builder.setWorkingDirectory(as_data(spawn.working_directory));
    builder.setNice(spawn.nice);
    builder.setGrouping(to_schema(spawn.grouping));
    builder.setHasStdin(spawn.has_stdin);
    builder.setHasStdout(spawn.has_stdout);
    builder.setHasStderr(spawn.has_stderr);
}

SpawnCommand read(schema::SpawnCommand::Reader reader) {
    return {
        .child = read_key(reader.getChild()),
        .arguments = read_strings(reader.getArguments()),
        .inherit_environment = reader.getInheritEnvironment(),
        .environment = read_strings(reader.getEnvironment()),
        .working_directory = read_system_string(reader.getWorkingDirectory()),
        .nice = reader.getNice(),
        .grouping = from_schema(reader.getGrouping()),
        .has_stdin = reader.getHasStdin(),
        .has_stdout = reader.getHasStdout(),
        .has_stderr = reader.getHasStderr()};
}

void write(schema::SupervisorCommand::Builder root, const Interrupt& interrupt) {
    write_key(root.initInterrupt(), interrupt.child);
}

schema::Kill::Scope to_schema(KillScope scope) {
    switch (scope) {
        case KillScope::kGroup:
            return schema::Kill::Scope::GROUP;
        case KillScope::kTree:
            return schema::Kill::Scope::TREE;
        case KillScope::kProcess:
            break;
    }
    return schema::Kill::Scope::PROCESS;
}

KillScope from_schema(schema::Kill::Scope scope) {
    switch (scope) {
        case schema::Kill::Scope::PROCESS:
            return KillScope::kProcess;
        case schema::Kill::Scope::GROUP:
            return KillScope::kGroup;
        case schema::Kill::Scope::TREE:
            return KillScope::kTree;
    }
    throw_unknown("scope");
}

void write(schema::SupervisorCommand::Builder root, const Kill& kill) {
    auto builder = root.initKill();
    write_key(builder.initChild(), kill.child);
    builder.setSignal(kill.signal);
    builder.setScope(to_schema(kill.scope));
}

Kill read(schema::Kill::Reader reader) {
    return {
        .child = read_key(reader.getChild()),
        .signal = reader.getSignal(),
        .scope = from_schema(reader.getScope())};
}

void write(schema::SupervisorCommand::Builder root, const Shutdown& shutdown) {
    root.setShutdown(static_cast<std::uint64_t>(std::max<std::int64_t>(shutdown.grace.count(), 0)));
}

Shutdown read_shutdown(std::uint64_t milliseconds) {
    // More than a day means "for ever" to everybody, and keeps the arithmetic of clocks in range.
    constexpr std::chrono::milliseconds kLongest = std::chrono::hours(24);
    const auto longest = static_cast<std::uint64_t>(kLongest.count());
    return {.grace = std::chrono::milliseconds(std::min(milliseconds, longest))};
}

SupervisorCommand read(schema::SupervisorCommand::Reader reader) {
    switch (reader.which()) {
        case schema::SupervisorCommand::CONFIGURE:
            return read(reader.getConfigure());
        case schema::SupervisorCommand::SPAWN_WORKER:
            return read(reader.getSpawnWorker());
        case schema::SupervisorCommand::SPAWN_COMMAND:
            return read(reader.getSpawnCommand());
        case schema::SupervisorCommand::INTERRUPT:
            return Interrupt{.child = read_key(reader.getInterrupt())};
        case schema::SupervisorCommand::KILL:
            return read(reader.getKill());
        case schema::SupervisorCommand::SHUTDOWN:
            return read_shutdown(reader.getShutdown());
    }
    throw_unknown("command");
}

}  // namespace

std::vector<std::byte> encode(const SupervisorCommand& command) {
    return encode_message<schema::SupervisorCommand>([&](schema::SupervisorCommand::Builder root) {
        std::visit([&](const auto& value) { write(root, value); }, command);
    });
}

SupervisorCommand decode_supervisor_command(std::span<const std::byte> body) {
    return decode_message<schema::SupervisorCommand>(
        body, [](schema::SupervisorCommand::Reader root) { return read(root); });
}

}  // namespace aiomisc::process
