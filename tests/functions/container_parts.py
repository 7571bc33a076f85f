"""What tests let the container stand on: the real store, and a model of a cluster."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from functions.composition import Composition
from functions.deployer import Status
from functions.on_kubernetes import identified, records
from gateway.records import Record
from tests.functions.model_cluster import ModelCluster


class GatedCluster(ModelCluster):
    """Says what runs of a record named `slow` only once there is a file of that name."""

    def __init__(self, gate: Path) -> None:
        super().__init__()
        self._gate = gate

    async def status(self, record: Record) -> Status:
        """What runs, when the gate is open."""
        if record.name == "slow":
            self._gate.with_suffix(".asked").touch()
            while not self._gate.exists():
                await asyncio.sleep(0.01)
        return await super().status(record)


@asynccontextmanager
async def modelled(variables: Mapping[str, str]) -> AsyncGenerator[Composition]:
    """`Test__Gate` is the file that `slow` waits for."""
    found = identified(variables)
    async with records(variables) as store:
        yield Composition(store, GatedCluster(Path(variables["Test__Gate"])), found.identify, found.protected)


def sync(variables: Mapping[str, str]) -> Mapping[str, str]:
    """Opens nothing."""
    return variables


@asynccontextmanager
async def empty(variables: Mapping[str, str]) -> AsyncGenerator[int]:
    """Opens something else."""
    yield len(variables)
