"""What comes late does not win, and what is not ours is not touched."""

import asyncio
from typing import Any

import pytest
from msgspec import structs

from functions.deployer import CardNotChanged, WorkloadNotChanged
from functions.reconcile import Actions
from gateway.card import card_of
from gateway.cluster import names
from tests.contracts.records import adapter, tool
from tests.functions.on_cluster import LATER, OnCluster

_STEPS = ["get services", "update services", "get statefulsets", "update statefulsets"]


@pytest.mark.parametrize("step", _STEPS)
async def test_slow_old_writer_does_not_bring_revoked_roles_back(running: OnCluster, step: str) -> None:
    await running.deployer.apply(adapter(required_roles=["readers"]))
    hold = running.server.steps.hold(step)
    slow = asyncio.create_task(running.deployer.apply(adapter(required_roles=["readers"], generation=2)))
    await hold.reached.wait()
    newest = adapter(required_roles=[], generation=3, image_version="2")
    await running.deployer.apply(newest)
    hold.released.set()
    await slow
    running.assert_follows(newest)
    assert running.metadata("statefulsets")["annotations"][names.GENERATION] == "3"


@pytest.mark.parametrize("step", ["get services", "delete services", "get statefulsets", "delete statefulsets"])
async def test_slow_removal_does_not_remove_the_next_of_that_name(running: OnCluster, step: str) -> None:
    old, new = adapter(), adapter(uid="new")
    await running.deployer.apply(old)
    hold = running.server.steps.hold(step)
    slow = asyncio.create_task(running.deployer.remove("adapter", "one", old.uid))
    await hold.reached.wait()
    await running.deployer.remove("adapter", "one", old.uid)
    await running.deployer.apply(new)
    hold.released.set()
    await slow
    running.assert_follows(new)


@pytest.mark.parametrize("step", ["get services", "create services"])
async def test_two_creations_at_once_are_one(running: OnCluster, step: str) -> None:
    hold = running.server.steps.hold(step)
    slow = asyncio.create_task(running.deployer.apply(adapter()))
    await hold.reached.wait()
    newer = adapter(generation=2, required_roles=["new"])
    await running.deployer.apply(newer)
    hold.released.set()
    await slow
    running.assert_follows(newer)


async def test_status_written_in_between_does_not_stop_a_write(running: OnCluster) -> None:
    """A StatefulSet's version moves with every pod that becomes ready."""
    await running.deployer.apply(adapter())
    hold = running.server.steps.hold("update statefulsets")
    slow = asyncio.create_task(running.deployer.apply(adapter(generation=2, image_version="2")))
    await hold.reached.wait()
    running.server.objects.status("statefulsets", "mcp-one", {"observedGeneration": 1})
    hold.released.set()
    await slow
    running.assert_follows(adapter(generation=2, image_version="2"))


async def test_removed_variable_really_goes_and_what_others_wrote_stays(running: OnCluster) -> None:
    await running.deployer.apply(adapter(environment_variables={"GONE": "1"}))
    running.server.objects.tables["statefulsets"]["mcp-one"]["metadata"]["labels"]["team"] = "blue"
    await running.deployer.apply(adapter(generation=2))
    live = running.server.objects.get("statefulsets", "mcp-one")
    assert "GONE" not in str(live["spec"])
    assert live["metadata"]["labels"]["team"] == "blue"


async def test_change_of_roles_leaves_the_instances_running(running: OnCluster) -> None:
    await running.deployer.apply(adapter(replica_count=2))
    before = {name: pod["metadata"]["uid"] for name, pod in running.server.objects.tables["pods"].items()}
    await running.deployer.apply(adapter(replica_count=2, generation=2, required_roles=["new"]))
    after = {name: pod["metadata"]["uid"] for name, pod in running.server.objects.tables["pods"].items()}
    assert after == before
    assert running.metadata("statefulsets")["generation"] == 1


async def test_objects_that_the_gateway_did_not_make_are_never_touched(running: OnCluster) -> None:
    for plural in ("services", "statefulsets"):
        running.server.objects.create(plural, {"metadata": {"name": "mcp-one"}, "spec": _NOTHING})
    before = {plural: running.metadata(plural)["resourceVersion"] for plural in ("services", "statefulsets")}
    with pytest.raises(CardNotChanged, match="a Service `mcp-one` that the gateway did not make"):
        await running.deployer.apply(adapter())
    await running.deployer.remove("adapter", "one", adapter().uid)
    assert await running.deployer.owned() == []
    assert (await running.deployer.status(adapter())).replica_status == "Pending"
    assert {plural: running.metadata(plural)["resourceVersion"] for plural in before} == before


async def test_foreign_workload_under_our_name_leaves_the_card_and_says_so(running: OnCluster) -> None:
    running.server.objects.create("statefulsets", {"metadata": {"name": "mcp-one"}, "spec": _NOTHING})
    with pytest.raises(WorkloadNotChanged, match="a StatefulSet `mcp-one` that the gateway did not make"):
        await running.deployer.apply(adapter())
    assert running.card() == card_of(adapter())


async def test_platforms_own_service_is_not_a_record(running: OnCluster) -> None:
    labels = {names.OWNER_LABEL: names.OWNER, names.TYPE_LABEL: names.PLATFORM_TYPE, names.NAME_LABEL: "toolgateway"}
    running.server.objects.create("services", {"metadata": {"name": "toolgateway-service", "labels": labels}})
    assert await running.deployer.owned() == []


async def test_object_that_somebody_is_deleting_is_waited_for(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    running.server.objects.tables["statefulsets"]["mcp-one"]["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    with pytest.raises(WorkloadNotChanged, match="being deleted"):
        await running.deployer.apply(adapter(generation=2))


async def test_what_has_lost_its_marks_is_made_anew(running: OnCluster) -> None:
    """Somebody has edited our annotations away: nobody can tell whose it is, but it is ours."""
    await running.lifecycle.create(adapter())
    for plural in ("services", "statefulsets"):
        running.server.objects.tables[plural]["mcp-one"]["metadata"]["annotations"].clear()
    await running.reconciled()
    running.assert_agreement()


async def test_removal_waits_until_no_instance_takes_new_sessions(running: OnCluster) -> None:
    """The next of that name is found by the same labels."""
    await running.deployer.apply(adapter())
    stale = running.server.objects.tables["pods"]["mcp-one-0"]
    hold = running.server.steps.hold("list pods")
    removal = asyncio.create_task(running.deployer.remove("adapter", "one", adapter().uid))
    await hold.reached.wait()
    running.server.objects.tables["pods"]["mcp-one-0"] = stale  # the garbage collector is not there yet
    again = running.server.steps.hold("list pods")
    hold.released.set()
    await again.reached.wait()
    assert not removal.done()
    stale["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    again.released.set()
    await removal


async def test_reconcile_of_an_unchanged_catalogue_asks_three_lists_and_writes_nothing(running: OnCluster) -> None:
    for number in range(7):
        await running.lifecycle.create(adapter(f"a{number}", replica_count=number % 2))
        await running.lifecycle.create(tool(f"t{number}", replica_count=0))
    running.server.questions.clear()
    running.server.objects.later += LATER
    assert await running.reconcile.once() == Actions()
    # Pages of three.
    assert sorted(running.server.questions) == ["list pods"] + ["list services"] * 5 + ["list statefulsets"] * 5


async def test_ages_are_told_by_the_servers_clock(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    running.server.objects.later += LATER
    (owned,) = await running.deployer.owned()
    assert LATER.total_seconds() <= owned.age < LATER.total_seconds() + 60


async def test_half_that_is_older_is_not_whole(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    running.server.objects.tables["services"]["mcp-one"]["metadata"]["annotations"][names.GENERATION] = "2"
    (owned,) = await running.deployer.owned()
    assert (owned.generation, owned.whole) == (1, False)
    del running.server.objects.tables["statefulsets"]["mcp-one"]
    (owned,) = await running.deployer.owned()
    assert (owned.generation, owned.whole) == (2, False)


async def test_object_nobody_can_write_is_given_up(running: OnCluster) -> None:
    await running.deployer.apply(adapter())

    async def disturb() -> None:
        while True:
            hold = running.server.steps.hold("update services")
            await hold.reached.wait()
            service = running.server.objects.tables["services"]["mcp-one"]
            service["metadata"]["resourceVersion"] += "0"
            hold.released.set()

    disturbing = asyncio.create_task(disturb())
    with pytest.raises(CardNotChanged, match="changed by others all the time"):
        await running.deployer.apply(structs.replace(adapter(), generation=2))
    disturbing.cancel()


_NOTHING: dict[str, Any] = {"replicas": 0, "template": {"metadata": {"labels": {}}, "spec": {"containers": []}}}
