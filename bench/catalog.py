"""The catalog on a cluster: what 5,000 cards cost in memory, and what the change of one costs in time. Prints JSON last.

    ./uvw run python -m bench.catalog [--cards 5000]

The API server is the bench's own, in a process of its own; the catalog is in this one, as the tool router has it. A
change is timed from the moment the API server writes its event until a listener hears of it, so it holds the way there;
the target is the median's: the slowest tell how busy the machine is.
"""

import argparse
import asyncio
import gc
import os
import statistics
import sys
import time

import msgspec
import uvloop
from aiohttp import ClientSession

from bench import cpu
from bench.child import HOST, Failed, python
from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.server import Server
from gateway.records import Listed

MEMORY_MB, UPDATE_MS = 100.0, 5.0  # the targets
_CHANGES = 500
_PATIENCE = 60.0  # seconds


class Figures(msgspec.Struct, frozen=True):
    """`grown_mb` (2^20 bytes): resident memory of the process with all cards, less what it was with none. CPU is the process's."""

    cards: int
    grown_mb: float
    listed_ms: float
    listed_cpu_ms: float
    update_p50_ms: float
    update_p99_ms: float
    update_cpu_ms: float


def main() -> None:
    """Exits 1 where a target was missed."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--cards", type=int, default=5000)
    cards: int = parser.parse_args().cards
    try:
        with python("API server", "bench.api_server", cards) as server:
            found = uvloop.run(_measured(f"http://{HOST}:{server.port}", cards))
    except (Failed, TimeoutError) as error:
        sys.exit(f"bench.catalog: {error!r}")
    met = found.grown_mb <= MEMORY_MB and found.update_p50_ms <= UPDATE_MS
    print(f"{cards:,} cards: {found.grown_mb:.1f} MB (≤ {MEMORY_MB:g}), listed in {found.listed_ms:.0f} ms")
    print(f"change of one: p50 {found.update_p50_ms:.2f} ms (≤ {UPDATE_MS:g}), p99 {found.update_p99_ms:.2f} ms")
    print(msgspec.json.encode(found).decode())
    sys.exit(0 if met else 1)


async def _measured(url: str, cards: int) -> Figures:
    server, pid = Server(url, lambda: ""), os.getpid()
    async with ClientSession() as client, Api(server) as api:
        (await client.get(url, params={"limit": "0"})).close()  # what a first connection costs is none of the cards'
        gc.collect()
        memory, began, spent = cpu.resident(pid), time.monotonic(), cpu.seconds(pid)
        async with ClusterCatalog(api, {"tool"}) as catalog, asyncio.timeout(_PATIENCE):
            while not catalog.synced:
                await asyncio.sleep(0.001)
            listed, listing = time.monotonic() - began, cpu.seconds(pid) - spent
            if len(list(catalog.tools())) != cards:
                raise Failed("The catalog has not as many tools as the API server.")
            grown = cpu.resident(pid) - memory
            await asyncio.sleep(0.5)  # the watches begin
            spent = cpu.seconds(pid)
            waits = [await _change(catalog, client, url, number % cards) for number in range(_CHANGES)]
            used = (cpu.seconds(pid) - spent) / _CHANGES
    return Figures(
        cards,
        grown / 2**20,
        listed * 1000,
        listing * 1000,
        statistics.median(waits) * 1000,
        statistics.quantiles(waits, n=100)[-1] * 1000,
        used * 1000,
    )


async def _change(catalog: ClusterCatalog, client: ClientSession, url: str, number: int) -> float:
    """Seconds until it is heard of."""
    heard: asyncio.Future[float] = asyncio.get_running_loop().create_future()

    def hear(kind: Listed, name: str) -> None:
        del kind, name
        if not heard.done():
            heard.set_result(time.monotonic())

    cancel = catalog.changes(hear)
    try:
        async with client.post(f"{url}/change/{number}") as response:
            at = float(await response.text())
        return await heard - at
    finally:
        cancel()


if __name__ == "__main__":
    main()
