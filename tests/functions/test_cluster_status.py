"""What a status says of a cluster's instances, and when a card says `failed`."""

import asyncio

import pytest
from msgspec import UNSET

from functions.reconcile import Actions
from gateway.card import card_of
from tests.contracts.records import adapter
from tests.functions.on_cluster import OnCluster


async def test_image_that_cannot_be_pulled_says_so(running: OnCluster) -> None:
    await running.deployer.apply(adapter(image_name="missing"))
    about = {
        "kind": "Pod",
        "name": "mcp-one-0",
        "uid": running.server.objects.get("pods", "mcp-one-0")["metadata"]["uid"],
    }
    running.server.pods.event(about, "Pulling", "Pulling image", type="Normal")
    running.server.pods.event(about, "Failed", 'Failed to pull image "missing:1": not found')
    status = await running.deployer.status(adapter(image_name="missing"))
    assert status.replica_status == "Degraded: 0/1 ready"
    assert status.image == "missing:1"
    (instance,) = status.instances
    assert instance.reason == 'ImagePullBackOff: Back-off pulling image "registry.example/missing:1"'
    assert [(c.type, c.status, c.reason) for c in instance.conditions] == [("Ready", "False", "ContainersNotReady")]
    assert isinstance(status.events, list)
    assert [(e.reason, e.about) for e in status.events] == [("Failed", "mcp-one-0")]
    assert "not found" in status.events[0].message
    assert status.events[0].at is not None


async def test_container_that_crashes_says_how_and_its_last_words(running: OnCluster) -> None:
    await running.deployer.apply(adapter(image_name="crashes"))
    (instance,) = (await running.deployer.status(adapter(image_name="crashes"))).instances
    assert instance.restarts == 3
    assert instance.reason == "CrashLoopBackOff: exit code 3: no such flavour"


async def test_pod_that_may_not_be_made_says_why(running: OnCluster) -> None:
    running.server.pods.quota = 'pods "mcp-one-0" is forbidden: exceeded quota'
    await running.deployer.apply(adapter())
    status = await running.deployer.status(adapter())
    assert "exceeded quota" in status.instances[0].reason
    assert isinstance(status.events, list)
    assert status.events[0].reason == "FailedCreate"


async def test_events_of_an_earlier_life_of_the_name_are_not_shown(running: OnCluster) -> None:
    running.server.pods.quota = "exceeded quota"
    await running.deployer.apply(adapter())
    await running.deployer.remove("adapter", "one", adapter().uid)
    running.server.pods.quota = ""
    await running.deployer.apply(adapter(uid="new", image_name="idles"))
    assert (await running.deployer.status(adapter(uid="new", image_name="idles"))).events is UNSET


async def test_instances_on_their_way_out_do_not_count(running: OnCluster) -> None:
    await running.deployer.apply(adapter(replica_count=3))
    running.server.pods.slow_to_end = True
    await running.deployer.apply(adapter(replica_count=1, generation=2))
    status = await running.deployer.status(adapter(replica_count=1, generation=2))
    assert (status.replica_status, status.ready_replicas, len(status.instances)) == ("Healthy", 1, 1)


async def test_change_that_the_cluster_has_not_seen_yet_is_not_healthy(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    running.server.objects.tables["statefulsets"]["mcp-one"]["metadata"]["generation"] = 2
    assert (await running.deployer.status(adapter())).replica_status == "Degraded: 1/1 ready"


@pytest.mark.parametrize(
    ("image", "reason"),
    [
        ("missing", "The image cannot be pulled: look at its name and version"),
        ("crashes", "It ends again and again: exit code 3"),
    ],
)
async def test_workload_that_cannot_start_fails_on_its_card_until_it_serves(
    running: OnCluster, image: str, reason: str
) -> None:
    record = adapter(image_name=image)
    await running.lifecycle.create(record)
    assert running.card() == card_of(record)
    assert await running.reconcile.once() == Actions(healed=1)
    assert (running.card().state, running.card().reason) == ("failed", reason)
    await running.reconciled()

    running.server.pods.behave("mcp-one-0", "idles:1")  # between two attempts it runs for a moment
    assert await running.reconcile.once() == Actions()
    running.server.pods.behave("mcp-one-0", "listens:1")
    assert await running.reconcile.once() == Actions(healed=1)
    assert running.card() == card_of(record)
    await running.reconciled()


async def test_another_cause_is_told_too(running: OnCluster) -> None:
    await running.lifecycle.create(adapter(image_name="missing"))
    await running.reconcile.once()
    running.server.pods.behave("mcp-one-0", "crashes:1")
    assert await running.reconcile.once() == Actions(healed=1)
    assert running.card().reason.startswith("It ends again and again")


async def test_next_generation_gets_another_chance(running: OnCluster) -> None:
    await running.deployer.apply(adapter(image_name="missing"))
    await running.deployer.apply(adapter(image_name="missing"))
    assert running.card().state == "failed"
    await running.deployer.apply(adapter(generation=2))
    assert running.card().state == ""


async def test_workload_with_one_instance_that_serves_has_not_failed(running: OnCluster) -> None:
    await running.lifecycle.create(adapter(replica_count=2))
    running.server.pods.behave("mcp-one-1", "missing:1")
    assert await running.reconcile.once() == Actions()


async def test_what_nobody_may_make_has_failed_and_what_is_being_replaced_has_not(running: OnCluster) -> None:
    running.server.pods.quota = "exceeded quota: small"
    await running.lifecycle.create(adapter())
    assert await running.reconcile.once() == Actions(healed=1)
    assert running.card().reason == "No instance can be made: create Pod mcp-one-0 failed error: exceeded quota: small"
    running.server.pods.quota = ""
    running.server.pods.follow("mcp-one")
    assert await running.reconcile.once() == Actions(healed=1)
    running.server.pods.slow_to_end = True
    running.server.objects.tables["pods"]["mcp-one-0"]["metadata"]["deletionTimestamp"] = "2026-11-22T10:00:00Z"
    assert await running.reconcile.once() == Actions()
    assert running.card().state == ""


async def test_stopped_workload_has_not_failed(running: OnCluster) -> None:
    await running.lifecycle.create(adapter(image_name="missing", replica_count=0))
    assert await running.reconcile.once() == Actions()


async def test_verdict_on_an_older_generation_is_not_told(running: OnCluster) -> None:
    """While the pods were judged, a PUT came."""
    await running.deployer.apply(adapter(image_name="missing"))
    hold = running.server.steps.hold("list pods")
    judging = asyncio.create_task(running.deployer.apply(adapter(image_name="missing")))
    await hold.reached.wait()
    newer = adapter(generation=2, required_roles=[])
    await running.deployer.apply(newer)
    hold.released.set()
    await judging
    assert running.card() == card_of(newer)


async def test_card_that_somebody_broke_is_written_anew(running: OnCluster) -> None:
    await running.lifecycle.create(adapter())
    running.metadata("services")["annotations"]["mcp-gateway/card"] = "not a card"
    assert await running.reconcile.once() == Actions(healed=1)
    assert running.card() == card_of(adapter())
