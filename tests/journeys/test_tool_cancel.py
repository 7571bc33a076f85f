"""A call that nobody waits for any more: ended at once where that is what the client's era says, and only that one."""

import asyncio
from collections.abc import Awaitable, Callable

import pytest

from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Json, Reply
from tests.journeys.result import result

NOTICED = 1.0  # seconds
BRIEF = 0.6  # seconds of a call that comes to its end

type Other = Callable[[], Awaitable[Reply]]


async def test_modern_client_that_hangs_up_has_cancelled(caller: Caller, tool: str) -> None:
    client, key = Client(caller, modern=True), fresh()
    calling = asyncio.create_task(client.calling(tool, do="slow", key=key))
    await begun(client, tool, key)
    calling.cancel()
    assert await entries(client, tool, key, "disconnected") == ["started", "disconnected"]


async def test_legacy_client_that_hangs_up_has_not_cancelled(caller: Caller, tool: str) -> None:
    client, key = await Client(caller).begin(), fresh()
    calling = asyncio.create_task(client.calling(tool, do="slow", key=key, seconds=BRIEF))
    await begun(client, tool, key)
    calling.cancel()
    assert await entries(client, tool, key, "finished", BRIEF + NOTICED) == ["started", "finished"]


@pytest.mark.parametrize("id", [7, "seven", "7", 2**60])
async def test_legacy_client_cancels_by_the_id_of_its_request(caller: Caller, tool: str, id: object) -> None:
    client, key = await Client(caller).begin(), fresh()
    calling = asyncio.create_task(slow(client, tool, key, id=id))
    await begun(client, tool, key)
    assert (await cancel(client, id)).status == 202
    assert await entries(client, tool, key, "disconnected") == ["started", "disconnected"]
    async with asyncio.timeout(NOTICED):
        answer = await calling
    assert b'"result"' not in answer.body, "nobody is told a result that was cancelled"


async def test_calls_beside_a_cancelled_one_come_to_their_end(caller: Caller, tool: str) -> None:
    client = await Client(caller).begin()
    keys = [fresh() for _ in range(4)]
    calls = [asyncio.create_task(slow(client, tool, key, id=n, seconds=BRIEF)) for n, key in enumerate(keys, 100)]
    await asyncio.gather(*(begun(client, tool, key) for key in keys))
    await cancel(client, 101)
    replies = await asyncio.gather(*calls)
    assert [b'"result"' in reply.body for reply in replies] == [True, False, True, True]


async def test_cancel_of_another_session_changes_nothing(caller: Caller, tool: str) -> None:
    mine, other = await Client(caller).begin(), await Client(caller).begin()
    await survives(mine, tool, lambda: cancel(other, 7), 202)


async def test_cancel_with_the_session_of_somebody_else_changes_nothing(
    gateway: Gateway, caller: Caller, tool: str
) -> None:
    mine = await Client(caller).begin()
    async with Caller(gateway.url, "mallory", TEAM) as mallory:
        stranger = Client(mallory)
        stranger.session = mine.session
        await survives(mine, tool, lambda: cancel(stranger, 7), 404)


async def test_cancel_in_the_modern_era_changes_nothing(caller: Caller, tool: str) -> None:
    mine, modern = await Client(caller).begin(), Client(caller, modern=True)
    await survives(mine, tool, lambda: cancel(modern, 7), 202)


@pytest.mark.parametrize("id", ["7", 8, None, {"id": 7}, True])
async def test_cancel_of_what_does_not_run_is_accepted_and_changes_nothing(
    caller: Caller, tool: str, id: object
) -> None:
    client = await Client(caller).begin()
    await survives(client, tool, lambda: cancel(client, id), 202)


async def test_call_that_is_held_can_be_cancelled(caller: Caller) -> None:
    name = await caller.publish(image="never-ready")
    client = await Client(caller).begin()
    message = {**client.message("tools/call", {"name": name, "arguments": {}}), "id": 7}
    calling = asyncio.create_task(client.post(message))
    while not calling.done():  # until the call has arrived there is nothing to cancel
        await cancel(client, 7)
    assert b'"result"' not in (await calling).body


async def survives(client: Client, tool: str, other: Other, status: int) -> None:
    """A call with id 7 comes to its end, whatever `other` does meanwhile; that is answered with `status`."""
    key = fresh()
    calling = asyncio.create_task(slow(client, tool, key, id=7, seconds=BRIEF))
    await begun(client, tool, key)
    assert (await other()).status == status
    assert result(await calling).structured
    assert await entries(client, tool, key, "finished") == ["started", "finished"]


async def slow(client: Client, tool: str, key: str, *, id: object, seconds: float = 30) -> Reply:
    """A call that takes so many seconds, under an id of one's own."""
    arguments: Json = {"do": "slow", "key": key, "seconds": seconds}
    return await client.post({**client.message("tools/call", {"name": tool, "arguments": arguments}), "id": id})


async def cancel(client: Client, id: object) -> Reply:
    """`notifications/cancelled` for a request."""
    params: Json = {"requestId": id, "reason": "no patience"}
    if client.modern:
        params = client.message("", params)["params"]
    return await client.post({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})


async def begun(client: Client, tool: str, key: str) -> None:
    """Waits until the tool works on the call."""
    assert await entries(client, tool, key, "started", 5) == ["started"]


async def entries(client: Client, tool: str, key: str, entry: str, seconds: float = NOTICED) -> list[str]:
    """What became of a call, as soon as `entry` is part of it, at the latest after `seconds`."""
    return (await client.call(tool, do="witness", key=key, entry=entry, seconds=seconds))["entries"]
