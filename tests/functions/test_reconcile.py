"""One round of reconcile: what it heals, finishes, removes, and leaves alone."""

import asyncio

import pytest

from functions.reconcile import YOUNG, Actions, Reconcile
from gateway.records import Kind, Record
from tests.functions.agreement import LATER, assert_agreement
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct
from tests.functions.disorder import disorder
from tests.functions.model_cluster import ModelCluster


class PickyCluster(ModelCluster):
    """Breaks at one name, in a way no contract knows."""

    def __init__(self) -> None:
        super().__init__()
        self.hated = ""

    async def apply(self, record: Record) -> None:
        """Breaks, or applies."""
        if record.name == self.hated:
            raise RuntimeError(f"not {record.name}")
        await super().apply(record)

    async def remove(self, kind: Kind, name: str, uid: str) -> None:
        """Breaks, or removes."""
        if name == self.hated:
            raise RuntimeError(f"not {name}")
        await super().remove(kind, name, uid)


async def test_round_says_what_it_did_and_the_one_after_has_nothing_left_to_do() -> None:
    direct = await disorder("adapter", adapter)
    direct.cluster.now += LATER
    reconcile = Reconcile(direct.store, direct.cluster)

    # The namesake of `foreign` has to wait until what stands in its way is gone.
    assert await reconcile.once() == Actions(healed=3, finished=1, removed=2, failed=1)
    assert await reconcile.once() == Actions(healed=1)
    assert await reconcile.once() == Actions()
    assert_agreement(direct.store, direct.cluster)


async def test_object_without_a_record_is_left_alone_while_it_is_young() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    objects = direct.cluster.cards["adapter", "one"], direct.cluster.workloads["adapter", "one"]
    await direct.call("delete_adapter", "one")
    direct.cluster.cards["adapter", "one"], direct.cluster.workloads["adapter", "one"] = objects
    reconcile = Reconcile(direct.store, direct.cluster)

    direct.cluster.now = YOUNG - 1
    assert await reconcile.once() == Actions(young=1)
    direct.cluster.now = YOUNG
    assert await reconcile.once() == Actions(removed=1)
    assert not direct.cluster.objects()


async def test_record_that_appeared_after_the_lists_keeps_its_objects() -> None:
    direct = Direct()
    reconcile = Reconcile(direct.store, direct.cluster, young_seconds=0)
    await direct.call("create_adapter", body=adapter())

    (found,) = direct.store.rows()
    await direct.store.remove("one", found.etag)
    hold = direct.steps.hold("get record")
    round = asyncio.create_task(reconcile.once())
    await hold.reached.wait()
    await direct.store.add(found.record)
    hold.released.set()

    assert await round == Actions()
    assert direct.cluster.cards


async def test_record_deleted_after_the_lists_is_not_made_again_even_for_a_moment() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    direct.cluster.cards.clear()
    hold = direct.steps.hold("get record")
    round = asyncio.create_task(Reconcile(direct.store, direct.cluster).once())
    await hold.reached.wait()
    await direct.call("delete_adapter", "one")
    before = len(direct.steps.names)
    hold.released.set()

    assert await round == Actions()
    assert "write card" not in direct.steps.names[before:]


async def test_objects_are_listed_before_records() -> None:
    direct = Direct()
    await Reconcile(direct.store, direct.cluster).once()

    assert direct.steps.names == ["list objects", "list records"]


async def test_one_bad_record_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    cluster = PickyCluster()
    direct = Direct(cluster=cluster)
    for name in ("a", "b", "c"):
        await direct.call("create_adapter", body=adapter(name))
    cluster.cards.clear()
    cluster.hated = "b"

    assert await Reconcile(direct.store, cluster).once() == Actions(healed=2, failed=1)
    assert "not b" in caplog.text
    cluster.hated = ""
    assert await Reconcile(direct.store, cluster).once() == Actions(healed=1)


async def test_deletion_is_finished_however_young_its_objects_are() -> None:
    cluster = PickyCluster()
    direct = Direct(cluster=cluster)
    await direct.call("create_tool", body=tool())
    cluster.hated = "one"
    assert (await direct.call("delete_tool", "one")).status == 500
    cluster.hated = ""

    assert await Reconcile(direct.store, cluster).once() == Actions(finished=1)
    assert not cluster.objects()
    assert not direct.store.rows()


async def test_timer_runs_a_round() -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter())
    direct.cluster.cards.clear()

    await direct.tick()

    assert_agreement(direct.store, direct.cluster)
