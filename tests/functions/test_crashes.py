"""Every step of every write fails once, before and after its effect: by an error, and by the end of the process."""

from collections.abc import Awaitable, Callable
from contextlib import suppress
from itertools import count
from typing import Any, get_args

import pytest

from functions.reconcile import Reconcile
from gateway.records import Kind
from tests.functions.agreement import LATER, assert_agreement, assert_in_force, reconciled
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct, Reply
from tests.functions.disorder import disorder
from tests.functions.steps import Broke, Died, When

type Body = Callable[..., dict[str, Any]]
type Scenario = Callable[[Direct], Awaitable[Reply]]

_KINDS = pytest.mark.parametrize(("kind", "body"), [("adapter", adapter), ("tool", tool)])
_WHEN: tuple[When, ...] = get_args(When.__value__)


async def _ending(prepare: Scenario | None, act: Scenario, check: Callable[[Direct, Reply], None]) -> int:
    """Runs `act` with each of its steps failing once. Returns how many steps failed."""
    failures = 0
    for error in (Broke, Died):
        for when in _WHEN:
            for number in count(1):
                direct = Direct()
                if prepare:
                    assert (await prepare(direct)).status == 201
                before = len(direct.steps.names)
                direct.steps.arm(number, when, error)
                with suppress(Died):  # then nobody was answered
                    check(direct, await act(direct))
                if len(direct.steps.names) - before < number:
                    break  # it has no such step: all have failed once
                failures += 1
                await reconciled(direct.store, direct.cluster)
                assert_agreement(direct.store, direct.cluster)
    return failures


@_KINDS
async def test_create_that_fails_at_any_step_leaves_a_whole_thing_or_none(kind: str, body: Body) -> None:
    async def create(direct: Direct) -> Reply:
        return await direct.call(f"create_{kind}", body=body(requiredRoles=["readers"]))

    def check(direct: Direct, reply: Reply) -> None:
        assert reply.status in (201, 500)
        if reply.status == 201:
            (stored,) = direct.store.rows()
            assert reply.json["uid"] == stored.record.uid
            if "status" not in reply.json:
                assert_agreement(direct.store, direct.cluster)
            else:
                assert reply.json["status"] == "Pending"

    assert await _ending(None, create, check) == 24  # six steps


@_KINDS
async def test_replace_that_fails_at_any_step_never_claims_rights_that_are_not_in_force(kind: str, body: Body) -> None:
    async def create(direct: Direct) -> Reply:
        return await direct.call(f"create_{kind}", body=body(requiredRoles=["readers"]))

    async def revoke(direct: Direct) -> Reply:
        return await direct.call(f"replace_{kind}", "one", body(requiredRoles=[], environmentVariables={"A": "1"}))

    def check(direct: Direct, reply: Reply) -> None:
        (stored,) = direct.store.rows()
        assert reply.status in (200, 500, 503)
        if reply.status == 200:
            assert reply.json["generation"] == 2
            assert_in_force(direct.cluster, stored.record)
        if reply.status == 503:
            assert stored.record.generation == 2
            assert "old rights are still in force" in reply.json["detail"]
            assert reply.headers["Retry-After"]

    assert await _ending(create, revoke, check) == 28  # seven steps


@_KINDS
async def test_delete_that_fails_at_any_step_never_claims_to_be_gone_while_reachable(kind: str, body: Body) -> None:
    async def create(direct: Direct) -> Reply:
        return await direct.call(f"create_{kind}", body=body())

    async def delete(direct: Direct) -> Reply:
        return await direct.call(f"delete_{kind}", "one")

    def check(direct: Direct, reply: Reply) -> None:
        assert reply.status in (204, 500, 503)
        if reply.status == 204:
            assert not direct.cluster.cards
            assert all(found.record.deleted_at for found in direct.store.rows())
        if reply.status == 503:
            assert "still reachable" in reply.json["detail"]
            assert reply.headers["Retry-After"]

    assert await _ending(create, delete, check) == 20  # five steps


@_KINDS
async def test_reconcile_that_fails_at_any_step_is_finished_by_the_next(kind: Kind, body: Body) -> None:
    """A round with something to heal, a deletion to finish and an orphan to remove."""
    for error in (Broke, Died):
        for when in _WHEN:
            for number in count(1):
                direct = await disorder(kind, body)
                before = len(direct.steps.names)
                direct.steps.arm(number, when, error)
                with suppress(Died, Broke):
                    direct.cluster.now += LATER
                    await Reconcile(direct.store, direct.cluster).once()
                if len(direct.steps.names) - before < number:
                    break
                await reconciled(direct.store, direct.cluster)
                assert_agreement(direct.store, direct.cluster)
