"""A full catalogue: 300 adapters and 2,000 tools that are stopped. How long a round takes, and that it then leaves all alone.

The last of the files: removing so many keeps the cluster's controllers from anything else for a while.
"""

import asyncio
import time
from collections.abc import Awaitable, Iterable
from pathlib import Path

from functions.reconcile import Actions
from gateway.records import Record
from tests.cluster.access import Cluster
from tests.cluster.faulty import faulty
from tests.cluster.ground import ground, stopped
from tests.cluster.kube import Kube
from tests.contracts.records import adapter, tool

ADAPTERS, TOOLS = 300, 2000
AT_ONCE = 16  # requests of a control plane that is busy


async def test_unchanged_catalogue_is_listed_and_not_written(cluster: Cluster, tmp_path: Path) -> None:
    kube = Kube(str(cluster.kubeconfig))
    async with ground(kube, cluster.kubeconfig) as at, faulty(cluster.kubeconfig, tmp_path, 0) as (between, path):
        begun = time.monotonic()
        await _all(at.lifecycle.create(record) for record in _records())
        made = time.monotonic()
        owned = await at.deployer.owned()
        listed = time.monotonic()
        actions = await at.reconciled_through(path)
        done = time.monotonic()
        assert (len(owned), actions) == (ADAPTERS + TOOLS, Actions())
        assert set(between.methods) == {"GET"}, "nobody has written anything"
    kube.close()
    print(
        f"\n{ADAPTERS} adapters and {TOOLS} tools, stopped: made in {made - begun:.1f} s,"
        f" listed in {listed - made:.2f} s, reconciled unchanged in {done - listed:.2f} s"
        f" by {between.methods['GET']} requests"
    )


def _records() -> Iterable[Record]:
    for number in range(ADAPTERS):
        yield stopped(adapter(f"a{number}"))
    for number in range(TOOLS):
        yield stopped(tool(f"t{number}"))


async def _all(work: Iterable[Awaitable[object]]) -> None:
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(what: Awaitable[object]) -> None:
        async with gate:
            await what

    await asyncio.gather(*(one(what) for what in work))
