# SPDX-License-Identifier: MIT
"""Peer: concurrent.futures.ProcessPoolExecutor."""

from concurrent.futures import ProcessPoolExecutor

import peer

SIDE = "peer:ProcessPoolExecutor"


def noop():
    return None


def echo(block):
    return block


def one_at_a_time(options):
    calls = peer.scaled(5_000, options)
    with ProcessPoolExecutor(1) as pool:
        pool.submit(noop).result()

        def run():
            for _ in range(calls):
                pool.submit(noop).result()
        return peer.seconds(run) * 1e6 / calls


def many_in_flight(options):
    calls = peer.scaled(20_000, options)
    with ProcessPoolExecutor(options.workers) as pool:
        pool.submit(noop).result()

        def run():
            for future in [pool.submit(noop) for _ in range(calls)]:
                future.result()
        return calls / peer.seconds(run)


def mebibyte(options):
    calls = peer.scaled(200, options)
    block = bytes(1 << 20)
    with ProcessPoolExecutor(1) as pool:
        pool.submit(echo, block).result()

        def run():
            for _ in range(calls):
                pool.submit(echo, block).result()
        return peer.seconds(run) * 1e6 / calls


if __name__ == "__main__":
    peer.main("process_pool_executor", [
        ("one call at a time", SIDE, "us/call", one_at_a_time),
        ("many in flight", SIDE, "calls/s", many_in_flight),
        ("1 MiB argument and result", SIDE, "us/call", mebibyte),
    ])
