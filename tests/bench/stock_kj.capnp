# SPDX-License-Identifier: MIT
# The shape of a call to a worker, for the peer that runs on KJ's own streams.
@0xd3f1c2a49be67085;

using Cxx = import "/capnp/c++.capnp";
$Cxx.namespace("bench");

interface StockWorker {
  call @0 (function :UInt64, arguments :Data) -> (result :Data);
}
