"""Every request to the API server goes wrong once: two rounds of reconcile later nothing is missing, left over, or back.

The method is that of tests/functions/test_crashes.py; here the cluster is a real one.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import suppress
from itertools import count
from pathlib import Path

import msgspec
import pytest

from gateway.cluster.names import object_name
from gateway.errors import Unavailable
from gateway.records import Record, kind_of
from gateway.store import Versioned
from tests.cluster.access import Cluster
from tests.cluster.faulty import FAULTS, Faulty, faulty
from tests.cluster.ground import Ground, ground, stopped
from tests.cluster.kube import Kube
from tests.contracts.records import adapter, tool

SECONDS, LATE = 0.5, 0.7  # how long the control plane waits; when the slow request arrives after all

type Make = Callable[[str], Record]
type Act = Callable[[Ground, Record], Awaitable[object]]


class Scene(msgspec.Struct):
    """The control plane, and what stands between it and the API server."""

    ground: Ground
    faulty: Faulty


@pytest.fixture
async def scene(cluster: Cluster, tmp_path: Path) -> AsyncGenerator[Scene]:
    kube = Kube(str(cluster.kubeconfig))
    async with faulty(cluster.kubeconfig, tmp_path, LATE) as (between, path), ground(kube, path, SECONDS) as made:
        yield Scene(made, between)
    kube.close()


async def _create(at: Ground, record: Record) -> object:
    return await at.lifecycle.create(record)


async def _revoke(at: Ground, record: Record) -> object:
    def without_roles(found: Versioned[Record]) -> Record:
        return msgspec.structs.replace(found.record, required_roles=[], generation=found.record.generation + 1)

    return await at.lifecycle.replace(kind_of(record), record.name, without_roles)


async def _delete(at: Ground, record: Record) -> object:
    return await at.lifecycle.delete(kind_of(record), record.name, lambda found: None)


async def _reconcile(at: Ground, record: Record) -> object:
    """Something to heal: the record is there and nothing else."""
    del record
    return await at.reconciled()


@pytest.mark.parametrize("make", [adapter, tool])
@pytest.mark.parametrize("act", [_create, _revoke, _delete, _reconcile])
async def test_whatever_step_fails_two_rounds_later_the_cluster_is_as_the_records_say(
    scene: Scene, make: Make, act: Act
) -> None:
    failures = 0
    for fault in FAULTS:
        for number in count(1):
            name = f"{fault.replace(' ', '-')}-{number}"
            record = msgspec.structs.replace(stopped(make(name)), required_roles=["readers"])
            await _prepared(scene.ground, record, act)
            scene.faulty.arm(number, fault)
            with suppress(Unavailable):  # then the caller was told
                await act(scene.ground, record)
            steps = scene.faulty.count
            scene.faulty.disarm()
            if steps < number:
                break
            failures += 1
            await scene.faulty.settled()
            await scene.ground.reconciled()
            await scene.ground.reconciled()
            _agree(scene.ground)
    print(f"\n{act.__name__[1:]} of {make.__name__}: {failures} failures")
    assert failures >= len(FAULTS), "something was asked of the API server"


async def _prepared(at: Ground, record: Record, act: Act) -> None:
    """What the act begins with."""
    if act is _reconcile:
        await at.store.add(record)
    elif act is not _create:
        await at.lifecycle.create(record)


def _agree(at: Ground) -> None:
    """No orphan, nothing missing, no right that the record does not give, nothing older than its record."""
    wanted = {object_name(kind_of(row.record), row.record.name): row.record for row in at.store.rows()}
    assert not [name for name, record in wanted.items() if record.deleted_at]
    cards = at.cards()
    assert cards.keys() == wanted.keys()
    assert at.workloads().keys() == wanted.keys()
    for name, record in wanted.items():
        said = (cards[name].uid, cards[name].generation, cards[name].required_roles)
        assert said == (record.uid, record.generation, record.required_roles)
