"""Cold starts of the zip that Azure runs: from nothing to a first answer, and what each first call costs. Prints JSON last.

    ./uvw run python -m bench.functions [--runs 5]

The zip is served through the platform's own worker library with its own packages alone. The clock runs from the start of the
worker's process. Cosmos DB, Entra and the API server are fakes of this process, by TLS, so it is the app's own time that is
measured. Files are in the machine's memory; the platform's own start, and its network, come on top.
"""

import argparse
import asyncio
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec
from aiohttp import ClientSession

from infra.function_package import PackageFailed, build
from tests.azure.cloud import Cloud
from tests.fakes.identity_provider import IdentityProvider
from tests.functions.azure_place import cluster_of, environment
from tests.functions.bodies import adapter
from tests.functions.mini_host.serving import serving
from tests.functions.mini_host.worker_process import Failed
from tests.functions.mini_host.wwwroot import unzipped

FIRST_MS = 2000.0  # the target


class Start(msgspec.Struct, frozen=True):
    """One cold start, in ms. `first`: until /ping answered 200, `indexed` until the app was; the others are calls of their own:
    the first to records, the first to the cluster (a registration: both), and each once more."""

    indexed: float
    first: float
    records: float
    cluster: float
    records_again: float
    cluster_again: float


class Figures(msgspec.Struct, frozen=True):
    """The last line: medians, in ms. `uncompiled_ms` is the first answer of the same zip without its bytecode."""

    first_ms: float
    first_worst_ms: float
    indexed_ms: float
    records_ms: float
    cluster_ms: float
    records_again_ms: float
    cluster_again_ms: float
    uncompiled_ms: float
    zip_mb: float
    runs: int


def main() -> None:
    """A missed target is printed, not an error: how fast it is depends on the machine."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--runs", type=int, default=5)
    runs: int = parser.parse_args().runs
    with tempfile.TemporaryDirectory(prefix="bench-functions-") as folder:
        try:
            found = asyncio.run(_measured(Path(folder), runs))
        except (PackageFailed, Failed, TimeoutError) as error:
            sys.exit(f"bench.functions: {error}")
    for text, value in _rows(found):
        print(f"{text:44}{value:9.0f} ms")
    print(f"{'the zip':44}{found.zip_mb:9.1f} MB")
    print(
        f"a first 200, ms {found.first_ms:28.0f}  ≤ {FIRST_MS:g}  {'met' if found.first_ms <= FIRST_MS else 'MISSED'}"
    )
    print(msgspec.json.encode(found).decode())


def _rows(of: Figures) -> Sequence[tuple[str, float]]:
    return (
        ("start of the worker to a first 200", of.first_ms),
        ("… the slowest", of.first_worst_ms),
        ("… of which until the app is indexed", of.indexed_ms),
        ("… without bytecode in the zip", of.uncompiled_ms),
        ("then: first list of records", of.records_ms),
        ("then: first registration, with the cluster", of.cluster_ms),
        ("a list once more", of.records_again_ms),
        ("a registration once more", of.cluster_again_ms),
    )


async def _measured(folder: Path, runs: int) -> Figures:
    zip = await asyncio.to_thread(build, folder)
    wwwroot = await asyncio.to_thread(unzipped, zip, folder / "wwwroot")
    with IdentityProvider() as provider, Cloud(provider, folder) as cloud:
        async with cluster_of(cloud) as server:
            told = environment(cloud, server.url)
            await _start(wwwroot, told, folder, cloud, "warm-up")  # the disk's part is not the app's
            starts = [await _start(wwwroot, told, folder, cloud, f"run-{number}") for number in range(runs)]
            for compiled in list(wwwroot.rglob("__pycache__")):
                shutil.rmtree(compiled)
            uncompiled = await _start(wwwroot, told, folder, cloud, "uncompiled")
    return _figures(starts, uncompiled, zip.stat().st_size / 1e6)


async def _start(wwwroot: Path, told: Mapping[str, str], folder: Path, cloud: Cloud, name: str) -> Start:
    """One process, from its start to its end. Raises Failed."""
    authorization = {"Authorization": f"Bearer {cloud.provider.token('ada')}"}
    begun = time.perf_counter()
    async with serving(wwwroot, told, folder) as url, ClientSession(url, headers=authorization) as client:
        indexed = _since(begun)
        await _ask(client, "GET", "/ping")
        first = _since(begun)
        return Start(
            indexed=indexed,
            first=first,
            records=await _ask(client, "GET", "/adapters"),
            cluster=await _ask(client, "POST", "/adapters", adapter(name=name, imageName="listens")),
            records_again=await _ask(client, "GET", "/adapters"),
            cluster_again=await _ask(client, "POST", "/adapters", adapter(name=f"{name}-2", imageName="listens")),
        )


async def _ask(client: ClientSession, method: str, path: str, body: object = None) -> float:
    """How long an answer took, in ms. Raises Failed for one that is no success."""
    begun = time.perf_counter()
    async with client.request(method, path, json=body) as reply:
        said = await reply.read()
    if reply.status not in (200, 201):
        raise Failed(f"{method} {path}: {reply.status} {said.decode()}")
    return _since(begun)


def _figures(starts: Sequence[Start], uncompiled: Start, megabytes: float) -> Figures:
    def median(of: str) -> float:
        return round(statistics.median(getattr(start, of) for start in starts), 1)

    return Figures(
        first_ms=median("first"),
        first_worst_ms=round(max(start.first for start in starts), 1),
        indexed_ms=median("indexed"),
        records_ms=median("records"),
        cluster_ms=median("cluster"),
        records_again_ms=median("records_again"),
        cluster_again_ms=median("cluster_again"),
        uncompiled_ms=round(uncompiled.first, 1),
        zip_mb=round(megabytes, 1),
        runs=len(starts),
    )


def _since(begun: float) -> float:
    return (time.perf_counter() - begun) * 1000


if __name__ == "__main__":
    main()
