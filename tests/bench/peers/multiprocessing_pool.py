# SPDX-License-Identifier: MIT
"""Peer: multiprocessing.Pool, one task a message (imap) and chunks of 64 (map)."""

import multiprocessing

import peer


def increment(number):
    return number + 1


def consume(results):
    for _ in results:
        pass


def imap_one_by_one(options):
    calls = peer.scaled(50_000, options)
    with multiprocessing.Pool(options.workers) as pool:
        pool.apply(increment, (1,))
        return calls / peer.seconds(
            lambda: consume(pool.imap(increment, range(calls), chunksize=1)))


def map_in_chunks(options):
    calls = peer.scaled(2_000_000, options)
    with multiprocessing.Pool(options.workers) as pool:
        pool.apply(increment, (1,))
        return calls / peer.seconds(lambda: pool.map(increment, range(calls), chunksize=64))


def one_at_a_time(options):
    calls = peer.scaled(5_000, options)
    with multiprocessing.Pool(1) as pool:
        pool.apply(increment, (1,))

        def run():
            for _ in range(calls):
                pool.apply(increment, (1,))
        return peer.seconds(run) * 1e6 / calls


if __name__ == "__main__":
    peer.main("multiprocessing_pool", [
        ("one call at a time", "peer:multiprocessing.Pool apply", "us/call", one_at_a_time),
        ("many in flight", "peer:multiprocessing.Pool imap(chunksize=1)", "calls/s", imap_one_by_one),
        ("map of tiny tasks", "peer:multiprocessing.Pool map(chunksize=64)", "calls/s", map_in_chunks),
    ])
