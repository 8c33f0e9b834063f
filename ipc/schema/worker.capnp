# SPDX-License-Identifier: MIT
# What the parent asks of a worker. One worker runs one call at a time, in the order of the calls.

@0xd5b1f0a8c4e7932a;

using Cxx = import "/capnp/c++.capnp";
using FunctionId = import "control.capnp".FunctionId;
$Cxx.namespace("aiomisc::schema");

enum Compression {
  none @0;
  lz4 @1;
  zstd @2;
}

struct Payload {
  # Encoded values: in the message, or in the memory that parent and worker share.
  union {
    inline @0 :Data;
    compressed :group {
      data @1 :Data;
      method @2 :Compression;
      size @3 :UInt64;       # of the data when expanded
    }
    shared @4 :UInt64;       # bytes at the start of the shared area of this direction
  }
}

struct Outcome {
  union {
    value @0 :Payload;
    error @1 :Data;          # an encoded exception
    cancelled @2 :Void;      # CancelledError left the function
    revoked @3 :Void;        # taken back by the parent before it began
  }
}

interface Worker {
  call @0 (sequence :UInt32, callId :UInt64, attempt :UInt32, function :FunctionId, arguments :Payload)
       -> (outcome :Outcome);

  chunk @1 (sequence :UInt32, function :FunctionId, count :UInt32, arguments :Payload, budgetMicroseconds :UInt32)
        -> (done :UInt32, results :Payload, revoked :Bool, elapsedNanoseconds :UInt64);
  # Runs up to `count` calls of one function, until the time budget is spent or the area for results is full.
  # Results are in the order of the arguments: a byte (0 value, 1 error, 2 cancelled), a length, and that many bytes.

  load @2 (path :Text, module :UInt64) -> ();
  # Loads a shared object after its build id matched.
}
