# SPDX-License-Identifier: MIT
@0xc5a3f0d1b7e24c69;
# What the parent, the zygote and the supervisors say to each other: one message per packet on a
# SOCK_SEQPACKET socket pair, descriptors beside it. Both ends always run the same program image, so the
# schema has no versions; it exists to have a checked decoder on both ends.

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("aiomisc::schema");

# Who is meant. A process id is never sent towards the supervisor: it could have been recycled.
struct ChildKey {
  id @0 :UInt32;
  generation @1 :UInt32;
}

struct ResourceLimit {
  resource @0 :Resource;
  value @1 :UInt64;

  enum Resource {
    addressSpace @0;
    data @1;
    cpuSeconds @2;
    openFiles @3;
    processes @4;
    fileSize @5;
    core @6;
  }
}

# A function of the program: see the registry of functions.
struct FunctionId {
  module @0 :UInt64;
  offset @1 :UInt64;
}

# The first command a supervisor gets.
struct PoolSetup {
  name @0 :Text;
  hasInitializer @1 :Bool;
  initializer @2 :FunctionId;
  initializerArgument @3 :Data;
  logLevel @4 :Text;
  logFormat @5 :Text;
  limits @6 :List(ResourceLimit);
  nice @7 :Int32;
  workerOomScoreAdjust @8 :Int32;
  supervisorOomScoreAdjust @9 :Int32;
  maxPayloadBytes @10 :UInt64;
  initializerPath @11 :Data;
  initializerUse @12 :InitializerUse;
  logDateFormat @13 :Text;  # null: the format's own

  # supervisor: once there, before workers. worker: in each, before it serves. main: instead of serving.
  enum InitializerUse {
    supervisor @0;
    worker @1;
    main @2;
  }
}

# Descriptors: the channel, the shared page, then stdout and stderr where announced.
struct SpawnWorker {
  child @0 :ChildKey;
  hasStdout @1 :Bool;
  hasStderr @2 :Bool;
}

# Descriptors: stdin, stdout and stderr where announced.
struct SpawnCommand {
  child @0 :ChildKey;
  arguments @1 :List(Data);
  inheritEnvironment @2 :Bool;
  environment @3 :List(Data);      # NAME=value
  workingDirectory @4 :Data;       # empty: the supervisor's
  nice @5 :Int32;
  grouping @6 :Grouping;
  hasStdin @7 :Bool;
  hasStdout @8 :Bool;
  hasStderr @9 :Bool;

  enum Grouping {
    shared @0;      # the supervisor's process group
    group @1;       # leads a process group of its own
    session @2;     # leads a session of its own
  }
}

struct Kill {
  child @0 :ChildKey;
  signal @1 :Int32;
  scope @2 :Scope;

  enum Scope {
    process @0;
    group @1;       # the process group that the child leads
    tree @2;        # the child and every descendant of it
  }
}

struct SupervisorCommand {
  union {
    configure @0 :PoolSetup;
    spawnWorker @1 :SpawnWorker;
    spawnCommand @2 :SpawnCommand;
    interrupt @3 :ChildKey;
    kill @4 :Kill;
    shutdown @5 :UInt64;           # milliseconds that the children get to end by themselves
  }
}

struct InitializerFailed {
  type @0 :Text;
  message @1 :Text;
}

struct Spawned {
  child @0 :ChildKey;
  pid @1 :Int32;
}

struct SpawnFailed {
  child @0 :ChildKey;
  errno @1 :Int32;
  operation @2 :Text;
}

struct Exited {
  child @0 :ChildKey;
  pid @1 :Int32;
  waitStatus @2 :Int32;
  maxRssBytes @3 :UInt64;
  userMicroseconds @4 :UInt64;
  systemMicroseconds @5 :UInt64;
  # A command that could not be started: what failed, and errno. The wait status is then 126 or 127.
  launchStep @6 :LaunchStep;
  launchErrno @7 :Int32;
}

enum LaunchStep {
  none @0;
  redirect @1;
  enterDirectory @2;
  limit @3;
  execute @4;
}

struct Stopped {
  child @0 :ChildKey;
  signal @1 :Int32;
}

struct SupervisorEvent {
  union {
    ready @0 :Int32;               # process id of the supervisor
    initializerFailed @1 :InitializerFailed;
    spawned @2 :Spawned;
    spawnFailed @3 :SpawnFailed;
    exited @4 :Exited;
    stopped @5 :Stopped;
    continued @6 :ChildKey;
    warning @7 :Text;
    supervisorExited @8 :Int32;    # wait status; sent by the zygote, always the last event
  }
}

struct ZygoteRequest {
  sequence @0 :UInt32;
  union {
    spawnSupervisor @1 :Void;      # descriptor: the supervisor's end of its control socket
    killSupervisor @2 :Int32;      # process id
  }
}

struct ZygoteReply {
  sequence @0 :UInt32;             # of the request; 0 for hello
  union {
    hello @1 :Int32;               # process id; descriptor: its pidfd, where the kernel has them
    spawned @2 :Int32;             # process id; descriptor: its pidfd, where the kernel has them
    failed @3 :Int32;              # errno
    done @4 :Void;
  }
}
