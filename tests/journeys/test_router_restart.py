"""The gateway ends and comes back: streams end as they should, and sessions and clients go on as if nothing had been."""

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path
from urllib.parse import urlsplit

import aiohttp
import mcp_types as types
import pytest
from mcp import Client as SdkClient

from tests.journeys.caller import Caller, tool
from tests.journeys.changes import CHANGED, SUBSCRIPTION, listening, subscribed
from tests.journeys.client import Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway, started
from tests.journeys.reply import Json
from tests.journeys.sdk import Mode, opened
from tests.journeys.tool_list import listed, page, pages


@pytest.fixture
def home(gateway: Gateway, tmp_path: Path) -> Path:
    """Of a gateway that a test may end."""
    if not gateway.embedded:
        pytest.skip("this gateway is not ours to end")
    return tmp_path / "home"


async def test_streams_end_gracefully_with_the_gateway(home: Path) -> None:
    async with AsyncExitStack() as stack:
        with started(home) as ending:
            caller = await stack.enter_async_context(Caller(ending.url))
            session = await Client(caller).begin()
            legacy = await stack.enter_async_context(session.listening())
            modern = await stack.enter_async_context(subscribed(Client(caller, modern=True)))
        # The end does not wait for readers: what was said last is read afterwards.
        assert await _rest(legacy) == []
        last = await _rest(modern)
    assert [message["result"]["resultType"] for message in last] == ["complete"]
    assert last[0]["result"]["_meta"][SUBSCRIPTION] == last[0]["id"]


async def test_sessions_and_cursors_of_before_the_restart_are_good_after_it(home: Path) -> None:
    with started(home) as first:
        async with Caller(first.url) as before:
            bodies = [tool(replicaCount=0) for _ in range(first.page + 1)]
            assert {(await before.post("/tools", body)).status for body in bodies} == {201}
            old = await Client(before).begin()
            cursor = (await pages(old))[0].next
    with started(home) as second:
        async with Caller(second.url) as after:
            client = Client(after)
            client.session = old.session
            names = sorted(body["name"] for body in bodies)
            assert (await page(client, cursor)).names == names[-1:]
            assert list(await listed(client)) == names
            async with listening(client) as changes:
                await after.withdraw(names[0])
                await changes.until(1, 1)
                assert changes.messages[0]["method"] == CHANGED


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_client_of_the_sdk_goes_on_after_the_restart(home: Path, mode: Mode) -> None:
    async with AsyncExitStack() as stack:
        with started(home) as first:
            caller = Caller(first.url)
            name = await caller.publish()
            client = await stack.enter_async_context(opened(caller, mode=mode))
            assert await _called(client, name) == {"n": 1}
        with started(home, _port(first)):
            async with caller, stack:
                assert await _called(client, name) == {"n": 1}


async def _rest(stream: aiohttp.ClientResponse) -> list[Json]:
    """What a stream still says to its clean end. Raises aiohttp.ClientPayloadError where it is cut off."""
    said: list[Json] = []
    async with asyncio.timeout(5):
        while came := await event(stream):
            said.append(came.data)
    return said


async def _called(client: SdkClient, name: str) -> object:
    result = await client.call_tool(name, {"n": 1})
    assert isinstance(result, types.CallToolResult)
    return result.structured_content


def _port(gateway: Gateway) -> int:
    port = urlsplit(gateway.url).port
    assert port
    return port
