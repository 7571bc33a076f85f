"""What a change of a record does to the processes: only what it must, the new one before the old one."""

import asyncio
import os
import time
from pathlib import Path
from typing import Any

import pytest

from functions.deployer import LogQuery, WorkloadNotChanged
from gateway.errors import NotFound
from gateway.records import EnvReference, Listed, Probe, Reference
from tests.contracts.records import adapter, tool
from tests.local.machine import Machine, ask
from tests.local.waiting import holds, until


@pytest.mark.parametrize(
    "change",
    [{"description": "new"}, {"required_roles": ["r"]}, {"affinity": "none"}, {"use_workload_identity": True}],
    ids=lambda change: next(iter(change)),
)
async def test_a_change_of_rights_or_words_restarts_nothing(machine: Machine, change: dict[str, Any]) -> None:
    before = await machine.run(adapter())
    await machine.deployer.apply(adapter(generation=2, **change))
    assert machine.instances(adapter()) == before
    listing = machine.view.get("adapter", "one")
    assert listing
    assert listing.card.generation == 2
    assert (await machine.status(adapter())).updated_replicas == 1


async def test_more_replicas_leave_those_there_are_alone(machine: Machine) -> None:
    before = await machine.run(adapter(replica_count=1))
    after = await machine.run(adapter(replica_count=3, generation=2))
    assert before[0] in after


async def test_fewer_replicas_keep_the_first_ones(machine: Machine) -> None:
    before = await machine.run(adapter(replica_count=3))
    pids = {instance.uid: (await ask(instance))["pid"] for instance in before}
    await machine.deployer.apply(adapter(replica_count=1, generation=2))
    (after,) = await machine.ready(adapter(), 1)
    assert after in before
    await holds(lambda: [pid for pid in pids.values() if Path(f"/proc/{pid}").exists()] == [pids[after.uid]])


async def test_one_that_goes_takes_no_new_sessions_but_keeps_its_own_until_it_has_ended(machine: Machine) -> None:
    record = adapter(image_name="stubborn")
    (before,) = await machine.run(record)
    await machine.deployer.apply(adapter(image_name="stubborn", replica_count=0, generation=2))
    (leaving,) = machine.instances(record)
    assert (leaving.uid, leaving.ready) == (before.uid, False)
    assert (await ask(leaving))["pid"]
    machine.supervisor.hasten()
    await holds(lambda: machine.instances(record) == [])


@pytest.mark.parametrize(
    "change",
    [
        {"environment_variables": {"B": "2"}},
        {"image_version": "2"},
        {"args": ["more"]},
        {"port": 9000},
        {"probe": Probe("/")},
    ],
    ids=lambda change: next(iter(change)),
)
async def test_a_change_of_what_runs_replaces_every_instance(machine: Machine, change: dict[str, Any]) -> None:
    first = adapter(replica_count=2, environment_variables={"A": "1"})
    before = {instance.uid for instance in await machine.run(first)}
    members: dict[str, Any] = {"replica_count": 2, "generation": 2, "environment_variables": {"A": "1"}, **change}
    changed = adapter(**members)
    await machine.deployer.apply(changed)
    await until(lambda: machine.status(changed), lambda s: s.updated_replicas == s.ready_replicas == 2)
    after = await machine.ready(changed, 2)
    assert not before & {instance.uid for instance in after}


async def test_a_variable_that_was_removed_is_gone(machine: Machine) -> None:
    await machine.run(adapter(environment_variables={"A": "1", "B": "2"}))
    changed = adapter(environment_variables={"B": "3"}, generation=2)
    await machine.deployer.apply(changed)
    await until(lambda: machine.status(changed), lambda s: s.updated_replicas == 1)
    (instance,) = await machine.ready(changed, 1)
    env = (await ask(instance))["env"]
    assert (env["B"], "A" in env) == ("3", False)


async def test_while_instances_are_replaced_there_is_always_one_to_take_new_sessions(machine: Machine) -> None:
    await machine.run(adapter())
    lowest = 1

    def look(_: Listed, __: str) -> None:
        nonlocal lowest
        lowest = min(lowest, sum(instance.ready for instance in machine.instances(adapter())))

    machine.view.changes(look)
    changed = adapter(generation=2, args=["x"])
    await machine.deployer.apply(changed)
    await until(lambda: machine.status(changed), lambda s: s.updated_replicas == 1)
    await machine.ready(changed, 1)
    assert lowest == 1


async def test_a_change_that_never_gets_ready_takes_effect_all_the_same(machine: Machine) -> None:
    (before,) = await machine.run(adapter())
    changed = adapter(image_name="idles", generation=2)
    await machine.deployer.apply(changed)
    assert machine.instances(adapter()) == [before]
    await holds(lambda: machine.instances(adapter()) == [])
    assert (await machine.status(changed)).replica_status == "Degraded: 0/1 ready"


async def test_the_last_of_many_changes_in_a_row_wins_and_nothing_of_the_others_is_left(machine: Machine) -> None:
    await machine.run(adapter(replica_count=2))
    for generation in range(2, 7):
        await machine.deployer.apply(
            adapter(replica_count=2, generation=generation, environment_variables={"G": str(generation)})
        )
        await asyncio.sleep(0.03 * (generation % 3))  # at different points of the replacement before it
    last = adapter(replica_count=2, generation=6, environment_variables={"G": "6"})
    await until(lambda: machine.status(last), lambda s: s.updated_replicas == s.ready_replicas == 2)
    instances = await machine.ready(last, 2)
    assert [(await ask(instance))["env"]["G"] for instance in instances] == ["6", "6"]
    await holds(lambda: len(list(machine.home.children.iterdir())) == 2)


async def test_fewer_replicas_while_they_are_replaced_leaves_no_process_behind(machine: Machine) -> None:
    await machine.run(adapter(replica_count=3))
    await machine.deployer.apply(adapter(replica_count=3, generation=2, args=["x"]))
    await machine.deployer.apply(adapter(replica_count=1, generation=3, args=["x"]))
    last = adapter(generation=3, args=["x"])
    await until(lambda: machine.status(last), lambda s: s.updated_replicas == s.ready_replicas == 1)
    await machine.ready(last, 1)
    await holds(lambda: len(list(machine.home.children.iterdir())) == 1)


async def test_removal_ends_every_process_within_five_seconds_and_forgets_the_logs(machine: Machine) -> None:
    record = adapter(image_name="stubborn", replica_count=2)
    await machine.run(record)
    pids = await machine.pids(record)
    await machine.run(adapter("one-1"))
    began = time.monotonic()
    removing = asyncio.create_task(machine.deployer.remove("adapter", "one", record.uid))
    await asyncio.sleep(0)
    assert machine.view.get("adapter", "one") is None
    with pytest.raises(NotFound):
        await machine.deployer.logs(record, LogQuery())
    await removing
    assert time.monotonic() - began < 5
    assert not any(os.path.exists(f"/proc/{pid}") for pid in pids)
    assert [path.name for path in machine.home.logs.iterdir()] == ["adapter-one-1-0.log"]


async def test_removal_in_the_middle_of_a_replacement_leaves_nothing(machine: Machine) -> None:
    await machine.run(adapter(replica_count=2))
    await machine.deployer.apply(adapter(replica_count=2, generation=2, args=["x"]))
    await machine.deployer.remove("adapter", "one", adapter().uid)
    assert list(machine.home.children.iterdir()) == []
    assert machine.view.get("adapter", "one") is None


async def test_a_namesake_sees_nothing_of_the_logs_before_it(machine: Machine) -> None:
    await machine.run(adapter())
    await machine.printed(adapter(), "ready on")
    await machine.deployer.remove("adapter", "one", adapter().uid)
    namesake = adapter(uid="another", image_name="idles")
    await machine.deployer.apply(namesake)
    for previous in (False, True):
        assert (await machine.deployer.logs(namesake, LogQuery(previous=previous))).text == ""


async def test_a_record_whose_image_is_no_longer_known_shows_why_it_does_not_run(machine: Machine) -> None:
    """Started again with another image file: the record is there, its image is not."""
    record = adapter(image_name="forgotten")
    with pytest.raises(WorkloadNotChanged, match="imageName: `forgotten` is unknown here"):
        await machine.deployer.apply(record)
    listing = machine.view.get("adapter", "one")
    assert listing
    assert listing.card.state == "failed"
    assert "Known images" in listing.card.reason
    assert [owned.whole for owned in await machine.deployer.owned()] == [False]
    await machine.deployer.remove("adapter", "one", record.uid)
    assert machine.view.get("adapter", "one") is None


async def test_tools_run_like_adapters(machine: Machine) -> None:
    await machine.run(tool())
    reference = EnvReference(secret_ref=Reference("s", "k"))
    with pytest.raises(WorkloadNotChanged, match=r"environmentVariables\.T"):
        await machine.deployer.apply(tool(generation=2, environment_variables={"T": reference}))
    assert machine.instances(tool()) == []


async def test_the_end_of_the_gateway_ends_everything_at_once(machine: Machine) -> None:
    for n in range(3):
        await machine.run(adapter(f"a{n}", image_name="stubborn", replica_count=2))
    began = time.monotonic()
    await machine.supervisor.close()
    assert time.monotonic() - began < 6
    assert list(machine.home.children.iterdir()) == []
    assert list(machine.view.names()) == []


async def test_the_end_of_the_gateway_can_be_hastened(machine: Machine) -> None:
    await machine.run(adapter(image_name="stubborn", replica_count=3))
    closing = asyncio.create_task(machine.supervisor.close())
    await asyncio.sleep(0)
    began = time.monotonic()
    machine.supervisor.hasten()
    await closing
    assert time.monotonic() - began < 2
