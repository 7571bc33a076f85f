"""A client that hangs up is noticed by the server that works for it, at once."""

import asyncio

import pytest

from tests.journeys.caller import Caller, fresh
from tests.journeys.client import Client
from tests.journeys.events import event

NOTICED = 1.0  # seconds
BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


@BOTH
async def test_hanging_up_on_a_silent_call_cancels_it(caller: Caller, recorder: str, modern: bool) -> None:
    key = fresh()
    client = await Client(caller, recorder, modern=modern).begin()
    calling = asyncio.create_task(client.calling("slow", key=key))
    await client.call("witness", key=key, entry="begun")
    calling.cancel()
    seen = await client.call("witness", key=key, entry="cancelled", seconds=NOTICED)
    assert seen["entries"] == ["begun", "cancelled"]


@BOTH
async def test_hanging_up_on_a_stream_of_progress_cancels_the_call(caller: Caller, recorder: str, modern: bool) -> None:
    key = fresh()
    client = await Client(caller, recorder, modern=modern).begin()
    call = client.message("tools/call", {"name": "progress", "arguments": {"steps": 99, "seconds": 1, "key": key}})
    async with client.posting(call) as stream:
        assert await event(stream)
    seen = await client.call("witness", key=key, entry="cancelled", seconds=NOTICED)
    assert seen["entries"] == ["cancelled"]


async def test_closing_the_get_stream_closes_it_at_the_server(caller: Caller, recorder: str) -> None:
    key = fresh()
    client = await Client(caller, recorder).begin()
    async with client.listening(X_Journey=key):
        await client.call("witness", key=key, entry="opened")
    seen = await client.call("witness", key=key, entry="closed", seconds=NOTICED)
    assert seen["entries"] == ["opened", "closed"]


async def test_closing_a_listen_stream_closes_it_at_the_server(caller: Caller, recorder: str) -> None:
    key = fresh()
    client = Client(caller, recorder, modern=True)
    wanted = client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    async with client.posting(wanted, X_Journey=key) as stream:
        assert await event(stream)
    seen = await client.call("witness", key=key, entry="closed", seconds=NOTICED)
    assert seen["entries"] == ["opened", "closed"]


async def test_call_that_is_not_hung_up_on_comes_to_its_end(caller: Caller, recorder: str) -> None:
    key = fresh()
    client = await Client(caller, recorder).begin()
    assert await client.call("slow", key=key, seconds=0.5) == {"key": key}
    assert (await client.call("witness", key=key, entry="finished"))["entries"] == ["begun", "finished"]
