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
    shared @4 :UInt64;       # bytes in the shared area: of arguments at its start, of a result in the half that was lent
  }
}

enum Half {
  # Of the shared area for results: what the parent lends to those of one message.
  none @0;
  first @1;
  second @2;
}

struct Call {
  # One of several that travel together. The parent numbers them, one by one, from the first.
  callId @0 :UInt64;
  attempt @1 :UInt32;
  function @2 :FunctionId;
  arguments @3 :Data;
}

struct Results {
  # Of several calls, in their order: for each a byte (0 value, 1 error, 2 cancelled), a length, and that many bytes.
  done @0 :UInt32;           # how many were made; the others never will be for this message
  shared @1 :UInt64;         # bytes in the half that was lent
  overflow @2 :Data;         # the last one, if it did not fit there
  elapsedNanoseconds @3 :UInt64;
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
  call @0 (sequence :UInt32, callId :UInt64, attempt :UInt32, function :FunctionId, arguments :Payload, half :Half)
       -> (outcome :Outcome);

  chunk @1 (sequence :UInt32, function :FunctionId, count :UInt32, arguments :Payload, half :Half,
            budgetMicroseconds :UInt32)
        -> (results :Results, revoked :Bool);
  # Runs up to `count` calls of one function, which are one to the parent: begun or taken back together. It ends when the
  # time budget is spent or the half is full.

  calls @3 (sequence :UInt32, calls :List(Call), half :Half, captured :Bool) -> (results :Results);
  # Calls that have nothing to do with each other: each is begun or taken back by itself. It ends at one that was taken
  # back, or when the half is full; if output is captured, also behind one that left some unread.

  load @2 (path :Text, module :UInt64) -> ();
  # Loads a shared object after its build id matched.
}
