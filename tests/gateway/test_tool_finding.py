"""Tools that are looked for, and those waited for: what is there for whom, and what may change while somebody waits."""

import asyncio
import time
from collections.abc import AsyncGenerator
from typing import Any

import pytest
from msgspec import UNSET

from gateway.catalog import Instance
from gateway.identity import principal
from gateway.tool_call import UNKNOWN_WAITERS, UnknownTool
from tests.gateway.caller import ALICE, Calls, calling
from tests.proxy.gate import eventually
from tests.proxy.pod import ok, pod

BOB = principal("bob", "bob", [])


@pytest.fixture
async def calls() -> AsyncGenerator[Calls]:
    """Calls that hold for long: what is told at once must not be waited for."""
    async with calling(hold_seconds=30) as made:
        yield made


async def _refused(calls: Calls, name: str, caller: object = ALICE) -> float:
    """After how many seconds a tool was said to be unknown."""
    assert isinstance(caller, type(ALICE))
    started = time.monotonic()
    with pytest.raises(UnknownTool) as unknown:
        await calls.calls.find(caller, name, "r-1")
    assert unknown.value.detail == f"Unknown tool: {name}"
    return time.monotonic() - started


async def test_missing_and_hidden_tools_are_the_same_and_take_as_long(calls: Calls) -> None:
    calls.tool("hidden")
    bare = calls.tool("bare")
    bare.tool = UNSET
    calls.view.drop("tool", "bare")
    calls.view.put_card(bare)
    asked = [("hidden", BOB), ("missing", BOB), ("hidden2", ALICE), ("bare", ALICE)]
    times = await asyncio.gather(*(_refused(calls, name, caller) for name, caller in asked))

    assert min(times) >= 0.99
    assert max(times) - min(times) < 0.3
    assert sorted(calls.results) == ["denied", "denied", "unknown", "unknown"]
    assert {(line["who"], line["what"]) for line in calls.lines} == {(caller.id, name) for name, caller in asked}
    assert all(line["requestId"] == "r-1" for line in calls.lines)


async def test_tool_that_appears_or_opens_within_a_second_is_found(calls: Calls) -> None:
    calls.tool("hidden", requiredRoles=["other"])
    finds = [asyncio.create_task(calls.calls.find(ALICE, name)) for name in ("new", "hidden")]
    await eventually(lambda: calls.waiting == 2)
    calls.tool("new")
    calls.tool("hidden", requiredRoles=["team"], generation=2)
    async with asyncio.timeout(0.5):
        found = await asyncio.gather(*finds)

    assert [listing.card.name for listing in found] == ["new", "hidden"]
    assert (calls.trail, calls.waiting) == ([], 0)


async def test_only_so_many_wait_and_the_others_are_told_at_once(calls: Calls) -> None:
    waiting = [asyncio.create_task(_refused(calls, f"x{at}")) for at in range(UNKNOWN_WAITERS)]
    await eventually(lambda: calls.waiting == UNKNOWN_WAITERS)
    assert await _refused(calls, "one-more") < 0.5
    times = await asyncio.gather(*waiting)

    assert min(times) >= 0.99
    assert calls.waiting == 0
    assert len(calls.trail) == UNKNOWN_WAITERS + 1


async def test_whoever_stops_waiting_makes_room(calls: Calls) -> None:
    task = asyncio.create_task(calls.calls.find(ALICE, "x"))
    await eventually(lambda: calls.waiting == 1)
    task.cancel()
    await asyncio.wait([task])

    assert calls.waiting == 0
    assert calls.held == 0


async def test_long_name_is_cut_in_the_trail(calls: Calls) -> None:
    await _refused(calls, "x" * 100_000)

    assert calls.lines[0]["what"] == "x" * 128


async def test_call_waits_until_an_instance_is_ready(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    async with pod(ok) as tool:
        calls.ready("a", tool.instance(ready=False))
        await asyncio.sleep(0)
        assert not call.done()
        calls.ready("a", tool)
        async with asyncio.timeout(2):
            assert (await call).result == "ok"
    assert calls.held == 0
    assert calls.results == ["ok"]


async def test_nothing_ready_in_time_is_unavailable() -> None:
    async with calling(hold_seconds=0.05) as calls:
        calls.tool("a", Instance("i", "127.0.0.1", 1, ready=False))
        outcome = await calls()

        assert (outcome.result, outcome.text) == ("unavailable", "No instance of the tool is ready. Try again later.")
        assert calls.results == ["unavailable"]
        assert calls.held == 0


STOPPED = "The tool is stopped (replicaCount 0)."
FAILED = "The tool cannot start; whoever runs it finds the reason in its status."


@pytest.mark.parametrize(
    ("card", "words"), [({"replicas": 0}, STOPPED), ({"state": "failed", "reason": "secret image"}, FAILED)]
)
async def test_what_waiting_will_not_bring_is_said_at_once(calls: Calls, card: dict[str, Any], words: str) -> None:
    calls.tool("a", Instance("i", "127.0.0.1", 1), **card)
    calls.tool("b")
    waits = asyncio.create_task(calls("b"))
    await eventually(lambda: calls.held == 1)
    calls.tool("b", generation=2, **card)
    async with asyncio.timeout(2):
        for outcome in (await calls("a"), await waits):
            assert (outcome.result, outcome.text) == ("unavailable", words)
    assert calls.results == ["unavailable", "unavailable"]


async def test_tool_that_is_deleted_while_a_call_waits_is_gone(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    calls.view.drop("tool", "a")
    async with asyncio.timeout(2):
        outcome = await call

    assert (outcome.result, outcome.text) == ("unavailable", "The tool is not there any more.")


async def test_right_that_is_lost_while_a_call_waits_is_lost(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    async with pod(ok) as tool:
        calls.tool("a", requiredRoles=["other"], generation=2)
        calls.ready("a", tool)
        async with asyncio.timeout(2):
            outcome = await call
        assert (outcome.result, outcome.text) == ("unavailable", "The tool is not there any more.")
        assert tool.seen == []


async def test_namesake_is_another_tool(calls: Calls) -> None:
    """Its arguments were checked against another definition."""
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    async with pod(ok) as tool:
        calls.view.drop("tool", "a")
        calls.tool("a", tool, uid="another")
        async with asyncio.timeout(2):
            assert (await call).text == "The tool is not there any more."
        assert tool.seen == []


async def test_tool_that_moved_while_a_call_waits_is_asked_where_it_is_now(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    async with pod(ok) as tool:
        calls.tool("a", tool, generation=2, path="/new", port=9000)
        async with asyncio.timeout(2):
            assert (await call).result == "ok"
        assert (tool.seen[0].target, tool.seen[0].header("host")) == ("/new", "localhost:9000")


async def test_arguments_are_checked_again_where_the_definition_changed_while_a_call_waits(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    async with pod(ok) as tool:
        calls.tool("a", tool, generation=2, definition={"inputSchema": {"type": "object", "required": ["n"]}})
        async with asyncio.timeout(2):
            assert (await call).result == "invalid"
        assert tool.seen == []


async def test_call_that_waits_and_is_cancelled_leaves_nothing(calls: Calls) -> None:
    calls.tool()
    call = asyncio.create_task(calls())
    await eventually(lambda: calls.held == 1)
    call.cancel()
    await asyncio.wait([call])

    assert (calls.results, calls.held, calls.loads) == (["cancelled"], 0, {})
