"""Every question to the store and to the API server fails once, before and after its effect, in every way; and the process dies there."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from itertools import count
from typing import Any

import pytest
from msgspec import structs

from functions.deployer import CardNotChanged
from gateway.errors import Unavailable
from gateway.records import Record, kind_of
from gateway.store import Versioned
from tests.contracts.records import adapter, tool
from tests.functions.api_server import Trouble
from tests.functions.on_cluster import LATER, OnCluster
from tests.functions.steps import Broke, Died, When

type Body = Callable[..., Record]
type Way = tuple[type[BaseException], Trouble, When]
type Scenario = Callable[[OnCluster], Awaitable[Any]]

_KINDS = pytest.mark.parametrize("body", [adapter, tool])
# A busy server has done nothing; from a silent one nobody can tell.
_WAYS: tuple[Way, ...] = (
    (Broke, "cut", "before"),
    (Broke, "cut", "after"),
    (Broke, "error", "before"),
    (Broke, "error", "after"),
    (Broke, "busy", "before"),
    (Broke, "stall", "after"),
    (Died, "cut", "before"),
    (Died, "cut", "after"),
)


# Where there are many steps.
_FEW = (_WAYS[1], _WAYS[2], *_WAYS[-2:])


async def _ending(
    running: OnCluster, act: Scenario, settled: Callable[[], None], ways: Iterable[Way] = _WAYS
) -> set[int]:
    """Runs `act` with each of its steps failing once, in each way; two rounds later all must have settled.

    How many steps it had: the same in every way.
    """
    again, steps = running.remember(), set[int]()
    for error, trouble, when in ways:
        for number in count(1):
            again()
            taken = await _failing(running, act, number, error, trouble, when)
            if taken < number:  # it has no such step: all have failed once
                if trouble != "stall":  # who has so little patience may give up elsewhere too
                    steps.add(taken)
                break
            await running.reconciled()
            settled()
    return steps


async def _failing(
    running: OnCluster, act: Scenario, number: int, error: type[BaseException], trouble: Trouble, when: When
) -> int:
    """Runs `act` with one of its steps failing. How many steps were taken."""
    if trouble == "stall":
        await running.another_process(seconds=0.2)
    before = len(running.server.steps.names)
    running.server.trouble = trouble
    running.server.steps.arm(number, when, error)
    with suppress(Broke, Died, asyncio.CancelledError):
        await running.run(act(running))
    taken = len(running.server.steps.names) - before
    if trouble == "stall":
        await running.another_process()
    return taken


@_KINDS
async def test_create_that_fails_at_any_step_leaves_a_whole_thing_or_none(body: Body, running: OnCluster) -> None:
    async def create(running: OnCluster) -> None:
        created = await running.lifecycle.create(body(required_roles=["readers"]))
        if not created.record.status:
            running.assert_agreement()

    # Its claim, four questions for the objects, and whether it was deleted meanwhile.
    assert await _ending(running, create, running.assert_agreement) == {6}


async def test_replace_that_fails_at_any_step_never_claims_rights_that_are_not_in_force(running: OnCluster) -> None:
    await running.lifecycle.create(adapter(required_roles=["readers"]))

    said: set[str] = set()

    async def revoke(running: OnCluster) -> None:
        try:
            await _replaced(running, adapter(required_roles=[]))
        except Unavailable as error:
            said.add(error.detail.partition(":")[0])
        else:
            assert running.card().required_roles == []
            assert running.card().generation == 2

    assert await _ending(running, revoke, running.assert_agreement) == {7}
    assert said == {"The adapter is stored as you sent it, but the old rights are still in force"}


async def test_delete_that_fails_at_any_step_never_claims_to_be_gone_while_reachable(running: OnCluster) -> None:
    await running.lifecycle.create(adapter())

    said: set[str] = set()

    async def delete(running: OnCluster) -> None:
        try:
            await running.lifecycle.delete("adapter", "one", lambda _: None)
        except Unavailable as error:
            said.add(error.detail.partition(",")[0])
        else:
            assert not running.server.objects.tables["services"]

    assert await _ending(running, delete, running.assert_agreement) == {8}
    assert said == {"The adapter is being deleted"}


async def test_reconcile_that_fails_at_any_step_is_finished_by_the_next(running: OnCluster) -> None:
    await _disorder(running)
    (steps,) = await _ending(running, _once, running.assert_agreement, _FEW)
    assert steps > 20


async def test_verdict_on_a_workload_that_fails_at_any_step_is_told_by_the_next_round(running: OnCluster) -> None:
    def settled() -> None:
        assert running.card().state == "failed"

    await running.lifecycle.create(adapter(image_name="missing"))
    (steps,) = await _ending(running, _once, settled, _FEW)
    assert steps > 8


async def test_busy_server_says_when_to_come_back(running: OnCluster) -> None:
    running.server.trouble = "busy"
    running.server.steps.arm(1, "before", Broke)
    with pytest.raises(CardNotChanged) as caught:
        await running.deployer.apply(adapter())
    assert caught.value.headers["Retry-After"] == "7"


async def _replaced(running: OnCluster, wanted: Record) -> Versioned[Record]:
    def change(found: Versioned[Record]) -> Record:
        kept = {"uid": found.record.uid, "generation": found.record.generation + 1}
        return structs.replace(wanted, **kept)

    return await running.lifecycle.replace(kind_of(wanted), wanted.name, change)


async def _once(running: OnCluster) -> None:
    with suppress(Unavailable):  # nothing could be listed
        await running.reconcile.once()


async def _disorder(running: OnCluster) -> None:
    """`missing`, `half` and `older` are to be healed, `buried` to be finished, `orphan` to be removed."""
    for name in ("whole", "missing", "half", "older", "buried", "orphan"):
        await running.lifecycle.create(adapter(name, required_roles=["readers"]))
    tables = running.server.objects.tables
    for plural, name in (("services", "missing"), ("statefulsets", "missing"), ("statefulsets", "half")):
        del tables[plural][f"mcp-{name}"]
    found = {found.record.name: found for found in running.store.rows()}
    older, buried = found["older"].record, found["buried"].record
    await running.store.replace(structs.replace(older, required_roles=[], generation=2), found["older"].etag)
    deleted = structs.replace(buried, generation=2, deleted_at=buried.created_at)
    await running.store.replace(deleted, found["buried"].etag)
    await running.store.remove("orphan", found["orphan"].etag)
    running.server.objects.later += LATER
