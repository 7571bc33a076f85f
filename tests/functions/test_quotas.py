"""Quotas: how much one creator may have, also when they ask for it many times at once."""

import asyncio
from typing import Any

import pytest

from functions.settings import Settings
from gateway.errors import Conflict
from gateway.records import Record
from tests.functions.agreement import assert_agreement, reconciled
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct, Reply
from tests.functions.memory import MemoryStore
from tests.functions.steps import Broke, Died, Steps

_TWO = Settings(quota_records=2)
_FIVE = Settings(quota_replicas=5)
_SEEDS = pytest.mark.parametrize("seed", range(30))


def _process(other: Direct, settings: Settings) -> Direct:
    """Another process over the same store and cluster; it shares nothing else."""
    return Direct(steps=other.steps, store=other.store, cluster=other.cluster, settings=settings)


def _assert_refused(reply: Reply, field: str, *numbers: int) -> None:
    assert (reply.status, reply.json["errors"][0]["field"]) == (403, field)
    for number in numbers:
        assert str(number) in reply.json["detail"]


def _replicas(direct: Direct) -> int:
    return sum(found.record.replica_count for found in direct.store.rows())


# ---- records -----------------------------------------------------------------------------------------------------------


async def test_adapters_and_tools_of_one_creator_count_together() -> None:
    direct = Direct(settings=_TWO)
    assert (await direct.call("create_adapter", body=adapter("a"), user="alice")).status == 201
    assert (await direct.call("create_tool", body=tool("b"), user="ALICE")).status == 201

    for kind, body in (("adapter", adapter("c")), ("tool", tool("c"))):
        _assert_refused(await direct.call(f"create_{kind}", body=body, user="Alice"), "name", 2)

    assert [found.record.name for found in direct.store.rows()] == ["a", "b"]
    assert (await direct.call("create_adapter", body=adapter("c"), user="bob")).status == 201
    assert (await direct.call("replace_adapter", "a", adapter("a", description="d"), user="alice")).status == 200


async def test_subjects_that_differ_by_case_have_a_quota_each() -> None:
    direct = Direct(settings=Settings(quota_records=1))

    for name, subject in (("a", "https://id|Zoe"), ("b", "https://id|zoe")):
        assert (await direct.call("create_tool", body=tool(name), user=subject)).status == 201
        assert (await direct.call("create_tool", body=tool(f"{name}2"), user=subject)).status == 403


async def test_deleting_makes_room_and_a_tombstone_takes_none() -> None:
    direct = Direct(settings=Settings(quota_records=1))
    await direct.call("create_adapter", body=adapter("a"))
    assert (await direct.call("create_adapter", body=adapter("b"))).status == 403

    direct.steps.arm(3, "before", Broke)  # the card stays, so the tombstone does
    assert (await direct.call("delete_adapter", "a")).status == 503
    assert len(direct.store.rows()) == 1
    assert (await direct.call("create_adapter", body=adapter("b"))).status == 201


async def test_admins_have_a_quota_like_everybody() -> None:
    direct = Direct(settings=Settings(quota_records=1))

    codes = [
        (await direct.call("create_adapter", body=adapter(name), user="root", roles="mcp.admin")).status
        for name in ("a", "b")
    ]

    assert codes == [201, 403]


# ---- replicas ----------------------------------------------------------------------------------------------------------


async def test_replicas_of_all_records_of_a_creator_count_together() -> None:
    direct = Direct(settings=_FIVE)
    assert (await direct.call("create_adapter", body=adapter("a", replicaCount=3))).status == 201
    assert (await direct.call("create_tool", body=tool("b", replicaCount=0))).status == 201
    _assert_refused(await direct.call("create_tool", body=tool("c", replicaCount=3)), "replicaCount", 3, 3, 5)
    assert (await direct.call("create_tool", body=tool("c", replicaCount=2))).status == 201
    _assert_refused(await direct.call("create_tool", body=tool("d")), "replicaCount", 1, 5, 5)
    assert (await direct.call("create_tool", body=tool("d", replicaCount=0))).status == 201


async def test_replacing_counts_where_it_asks_for_more_and_changes_nothing_when_refused() -> None:
    direct = Direct(settings=_FIVE)
    await direct.call("create_adapter", body=adapter("a", replicaCount=3))
    await direct.call("create_tool", body=tool("b", replicaCount=1))
    before = direct.store.rows()

    _assert_refused(await direct.call("replace_adapter", "a", adapter("a", replicaCount=5)), "replicaCount", 5, 1)

    assert direct.store.rows() == before
    assert (await direct.call("replace_adapter", "a", adapter("a", replicaCount=4))).status == 200


async def test_quota_of_the_creator_counts_whoever_writes() -> None:
    direct = Direct(settings=_FIVE)
    body = adapter("a", replicaCount=2, acl={"write": ["ops"]})
    await direct.call("create_adapter", body=body, user="alice")
    await direct.call("create_adapter", body=adapter("b", replicaCount=3), user="alice")
    more = {**body, "replicaCount": 3}

    for user, roles in (("root", "mcp.admin"), ("olga", "ops"), ("alice", "")):
        _assert_refused(await direct.call("replace_adapter", "a", more, user=user, roles=roles), "replicaCount", 3, 5)


async def test_quota_that_was_lowered_takes_nothing_away() -> None:
    generous = Direct()
    for name in ("a", "b"):
        await generous.call("create_adapter", body=adapter(name, replicaCount=4))
    strict = _process(generous, Settings(quota_records=1, quota_replicas=2))

    async def put(count: int) -> int:
        body = adapter("a", replicaCount=count, description="changed")
        return (await strict.call("replace_adapter", "a", body)).status

    assert [await put(4), await put(5), await put(3), await put(4), await put(0)] == [200, 403, 200, 403, 200]
    assert (await strict.call("delete_adapter", "b")).status == 204


async def test_without_quotas_nothing_is_counted() -> None:
    direct = Direct()

    await direct.call("create_adapter", body=adapter("a", replicaCount=32))
    await direct.call("replace_adapter", "a", adapter("a", replicaCount=31))
    await direct.call("delete_adapter", "a")

    assert "list records" not in direct.steps.names


# ---- at once -----------------------------------------------------------------------------------------------------------


@_SEEDS
async def test_of_many_at_once_as_many_pass_as_there_is_room_for(seed: int) -> None:
    direct = Direct(steps=Steps(seed), settings=_TWO)

    creates = [
        direct.call(f"create_{kind}", body=body(f"n{number}"))
        for number, (kind, body) in enumerate([("adapter", adapter), ("tool", tool)] * 4)
    ]
    codes = sorted([reply.status for reply in await asyncio.gather(*creates)])

    assert codes == [201] * 2 + [403] * 6
    await reconciled(direct.store, direct.cluster)
    assert_agreement(direct.store, direct.cluster)


@_SEEDS
async def test_creates_in_two_processes_never_end_above_the_quota(seed: int) -> None:
    one = Direct(steps=Steps(seed), settings=_TWO)
    two = _process(one, _TWO)

    creates = [
        direct.call("create_adapter", body=adapter(f"n{n}-{at}"))
        for at, direct in enumerate((one, two))
        for n in range(4)
    ]
    replies = await asyncio.gather(*creates)

    passed = [reply.json["name"] for reply in replies if reply.status == 201]
    assert {reply.status for reply in replies} <= {201, 403}
    assert len(passed) <= 2
    assert sorted(passed) == [found.record.name for found in one.store.rows() if not found.record.deleted_at]
    await reconciled(one.store, one.cluster)
    assert_agreement(one.store, one.cluster)


@_SEEDS
async def test_raises_in_two_processes_never_end_above_the_quota(seed: int) -> None:
    one = Direct(steps=Steps(seed), settings=_FIVE)
    two = _process(one, _FIVE)
    for name in ("a", "b"):
        await one.call("create_adapter", body=adapter(name, replicaCount=2))

    puts = [
        direct.call("replace_adapter", name, adapter(name, replicaCount=3, description="more"))
        for direct, name in ((one, "a"), (two, "b"), (two, "a"), (one, "b"))
    ]
    replies = await asyncio.gather(*puts)

    assert {reply.status for reply in replies} <= {200, 403}
    assert _replicas(one) <= 5
    for found in one.store.rows():
        assert found.record.description == "more" or found.record.replica_count == 2
    await reconciled(one.store, one.cluster)
    assert_agreement(one.store, one.cluster)


class MeanwhileElsewhere(MemoryStore):
    """A store in which somebody else's write appears right after the first of ours."""

    def __init__(self, *others: Record) -> None:
        super().__init__()
        self._others = list(others)

    async def add(self, record: Record) -> str:
        """Ours, then theirs."""
        etag = await super().add(record)
        await self._appear()
        return etag

    async def replace(self, record: Record, etag: str) -> str:
        """Ours, then theirs."""
        new = await super().replace(record, etag)
        await self._appear()
        return new

    async def _appear(self) -> None:
        others, self._others = self._others, []
        for other in others:
            await super().add(other)


async def _record(name: str, replicas: int) -> Record:
    made = Direct()
    await made.call("create_tool", body=tool(name, replicaCount=replicas))
    return made.store.rows()[0].record


async def test_create_that_turns_out_to_be_too_much_is_taken_back() -> None:
    direct = Direct(store=MeanwhileElsewhere(await _record("theirs", 1)), settings=Settings(quota_records=1))

    _assert_refused(await direct.call("create_adapter", body=adapter("ours")), "name", 1)

    assert [found.record.name for found in direct.store.rows()] == ["theirs"]
    assert not direct.cluster.objects()
    assert (await direct.call("create_tool", body=tool("ours"), user="bob")).status == 201


async def test_replace_that_turns_out_to_be_too_much_is_put_back() -> None:
    direct = Direct(store=MeanwhileElsewhere(), settings=_FIVE)
    await direct.call("create_adapter", body=adapter("ours", replicaCount=2, requiredRoles=["team"]))
    store = MeanwhileElsewhere(await _record("theirs", 2))
    store.restore(direct.store.snapshot())
    late = Direct(store=store, cluster=direct.cluster, settings=_FIVE)

    _assert_refused(await late.call("replace_adapter", "ours", adapter("ours", replicaCount=4)), "replicaCount", 4, 2)

    ours, _ = store.rows()
    assert (ours.record.replica_count, ours.record.required_roles, ours.record.generation) == (2, ["team"], 3)
    await reconciled(store, direct.cluster)
    assert_agreement(store, direct.cluster)


@pytest.mark.parametrize("error", [Broke, Died])
@pytest.mark.parametrize("when", ["before", "after"])
async def test_create_that_fails_at_any_step_is_settled_by_reconcile(error: type[BaseException], when: Any) -> None:
    for step in range(1, 20):
        direct = Direct(store=MeanwhileElsewhere(await _record("theirs", 1)), settings=_TWO)
        direct.cluster.steps = direct.steps = direct.store.steps
        direct.steps.arm(step, when, error)
        try:
            reply = await direct.call("create_adapter", body=adapter("ours"))
        except Died:
            reply = None
        direct.steps.disarm()
        await reconciled(direct.store, direct.cluster)
        assert_agreement(direct.store, direct.cluster)
        if reply and reply.status == 201:
            assert "ours" in [found.record.name for found in direct.store.rows()]


async def test_name_that_is_taken_is_a_conflict_where_there_is_room() -> None:
    direct = Direct(settings=_TWO)
    await direct.call("create_adapter", body=adapter("a"), user="bob")

    assert (await direct.call("create_adapter", body=adapter("a"))).status == Conflict.status
