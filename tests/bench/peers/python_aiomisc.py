# SPDX-License-Identifier: MIT
"""Peer: the WorkerPool of the Python aiomisc, which this library takes its names from."""

import asyncio

from aiomisc import WorkerPool

import peer
import peer_tasks

SIDE = "peer:Python aiomisc"


def measured(workers, calls, run):
    async def go():
        async with WorkerPool(workers) as pool:
            await pool.create_task(peer_tasks.noop)
            start = asyncio.get_running_loop().time()
            await run(pool, calls)
            return asyncio.get_running_loop().time() - start
    return asyncio.run(go())


async def in_a_row(pool, calls):
    for _ in range(calls):
        await pool.create_task(peer_tasks.noop)


async def at_once(pool, calls):
    await asyncio.gather(*[pool.create_task(peer_tasks.noop) for _ in range(calls)])


def one_at_a_time(options):
    calls = peer.scaled(5_000, options)
    return measured(1, calls, in_a_row) * 1e6 / calls


def many_in_flight(options):
    calls = peer.scaled(20_000, options)
    return calls / measured(options.workers, calls, at_once)


if __name__ == "__main__":
    peer.main("python_aiomisc", [
        ("one call at a time", SIDE, "us/call", one_at_a_time),
        ("many in flight", SIDE, "calls/s", many_in_flight),
    ])
