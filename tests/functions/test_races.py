"""Writers and reconcilers at once: whatever comes late must not win, and nothing that was deleted may come back."""

import asyncio
import random
from collections.abc import Callable
from typing import Any

import pytest

from functions.reconcile import Reconcile
from gateway.records import Kind
from tests.functions.agreement import LATER, assert_agreement, reconciled
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct
from tests.functions.disorder import disorder
from tests.functions.steps import Broke, Died, Steps

type Body = Callable[..., dict[str, Any]]

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_SEEDS = pytest.mark.parametrize("seed", range(40))


@pytest.mark.parametrize("step", ["read card", "write card", "read workload", "write workload"])
async def test_slow_old_writer_does_not_bring_revoked_roles_back(step: str) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter(requiredRoles=["readers"]))
    hold = direct.steps.hold(step)
    slow = asyncio.create_task(
        direct.call("replace_adapter", "one", adapter(requiredRoles=["readers"], description="s"))
    )
    await hold.reached.wait()

    revoked = await direct.call("replace_adapter", "one", adapter(requiredRoles=[]))
    assert (revoked.status, revoked.json["generation"]) == (200, 3)
    hold.released.set()

    assert (await slow).status == 200
    assert direct.cluster.cards["adapter", "one"].says == ([], direct.store.rows()[0].record.acl)
    assert_agreement(direct.store, direct.cluster)


@_KINDS
@pytest.mark.parametrize("step", ["read card", "write card", "read workload", "write workload"])
async def test_write_that_was_overtaken_by_a_delete_leaves_nothing_behind(kind: Kind, body: Body, step: str) -> None:
    direct = Direct()
    hold = direct.steps.hold(step)
    slow = asyncio.create_task(direct.call(f"create_{kind}", body=body()))
    await hold.reached.wait()

    assert (await direct.call(f"delete_{kind}", "one")).status == 204
    hold.released.set()

    assert (await slow).status == 201
    assert_agreement(direct.store, direct.cluster)
    assert not direct.cluster.cards


@pytest.mark.parametrize("step", ["read card", "write card", "read workload", "write workload"])
async def test_name_used_again_is_not_touched_by_a_writer_of_its_earlier_life(step: str) -> None:
    direct = Direct()
    await direct.call("create_adapter", body=adapter(requiredRoles=["before"]))
    hold = direct.steps.hold(step)
    slow = asyncio.create_task(
        direct.call("replace_adapter", "one", adapter(requiredRoles=["before"], description="s"))
    )
    await hold.reached.wait()

    assert (await direct.call("delete_adapter", "one")).status == 204
    again = await direct.call("create_adapter", body=adapter(requiredRoles=["after"]))
    assert again.status == 201
    hold.released.set()
    await slow

    await reconciled(direct.store, direct.cluster)
    assert_agreement(direct.store, direct.cluster)
    assert direct.cluster.cards["adapter", "one"].uid == again.json["uid"]


async def test_half_of_a_write_that_was_overtaken_by_a_delete_leaves_nothing_behind() -> None:
    direct = Direct()
    hold = direct.steps.hold("write card")
    slow = asyncio.create_task(direct.call("create_adapter", body=adapter()))
    await hold.reached.wait()
    assert (await direct.call("delete_adapter", "one")).status == 204
    direct.steps.arm(1, "before", Broke)  # its workload fails
    hold.released.set()

    assert (await slow).json["status"] == "Pending"
    assert not direct.cluster.objects()


async def test_writer_of_an_earlier_life_that_comes_first_makes_way_by_itself() -> None:
    direct = Direct()
    late = direct.steps.hold("read card")
    old = asyncio.create_task(direct.call("create_adapter", body=adapter(requiredRoles=["before"])))
    await late.reached.wait()
    assert (await direct.call("delete_adapter", "one")).status == 204
    later = direct.steps.hold("read card")
    new = asyncio.create_task(direct.call("create_adapter", body=adapter(requiredRoles=["after"])))
    await later.reached.wait()

    late.released.set()
    assert (await old).status == 201
    assert not direct.cluster.objects()
    later.released.set()
    assert "status" not in (await new).json
    assert_agreement(direct.store, direct.cluster)


async def test_name_used_again_while_the_old_objects_are_live_is_pending_until_they_are_gone() -> None:
    direct = await disorder("adapter", adapter)

    await reconciled(direct.store, direct.cluster)

    assert_agreement(direct.store, direct.cluster)


@_KINDS
@_SEEDS
async def test_two_reconcilers_at_once_do_no_harm(kind: Kind, body: Body, seed: int) -> None:
    direct = await disorder(kind, body, seed)
    direct.cluster.now += LATER

    rounds = [Reconcile(direct.store, direct.cluster).once() for _ in range(2)]
    await asyncio.gather(*rounds)

    await reconciled(direct.store, direct.cluster, rounds=1)
    assert_agreement(direct.store, direct.cluster)


@_SEEDS
async def test_many_writers_two_reconcilers_and_a_death_end_in_agreement(seed: int) -> None:
    """With `young_seconds` 0 reconcile has nothing to lean on but the order of reads."""
    chance = random.Random(seed)
    direct = Direct(steps=Steps(seed))
    direct.steps.arm(chance.randrange(1, 200), chance.choice(("before", "after")), Died)

    tasks = [_writes(direct, random.Random(f"{seed} {n}")) for n in range(4)]
    rounds = [_rounds(direct) for _ in range(2)]
    ended = await asyncio.gather(*tasks, *rounds, return_exceptions=True)

    assert not [error for error in ended if error is not None and not isinstance(error, Died)]
    direct.steps.disarm()
    await reconciled(direct.store, direct.cluster)
    assert_agreement(direct.store, direct.cluster)


async def _writes(direct: Direct, chance: random.Random) -> None:
    for _ in range(12):
        name = chance.choice(("one", "two"))
        kind, body = chance.choice((("adapter", adapter), ("tool", tool)))
        written = body(name, requiredRoles=chance.sample(["a", "b", "c"], chance.randrange(3)))
        verb = chance.choice(("create", "replace", "replace", "delete"))
        reply = await direct.call(
            f"{verb}_{kind}", "" if verb == "create" else name, None if verb == "delete" else written
        )
        assert reply.status in {"create": (201, 409), "replace": (200, 404, 503), "delete": (204, 404)}[verb], (
            reply.body
        )


async def _rounds(direct: Direct) -> None:
    for _ in range(6):
        await Reconcile(direct.store, direct.cluster, young_seconds=0).once()
