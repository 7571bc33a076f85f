"""The Python SDK's own client, unmodified, over three replicas: a whole session, in both eras."""

from collections import Counter

import anyio
import httpx2
import mcp_types as types
from mcp import Client
from mcp.client.session import IncomingMessage
from mcp.shared.subscriptions import ToolsListChanged

from tests.journeys.caller import Caller
from tests.journeys.sdk import opened
from tests.journeys.waiting import PATIENCE

CALLS = 20


async def test_session_of_twenty_calls_with_its_stream_and_its_end(caller: Caller, trio: str) -> None:
    heard, done = anyio.Event(), Counter[tuple[str, int]]()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            heard.set()

    async def note(response: httpx2.Response) -> None:
        done[response.request.method, response.status_code] += 1

    async with opened(caller, f"/adapters/{trio}/mcp", mode="legacy", hear=hear, note=note) as client:
        assert client.protocol_version == "2025-11-25"
        counts = [await _count(client) for _ in range(CALLS)]
        await client.call_tool("say")
        with anyio.fail_after(PATIENCE):
            await heard.wait()
    assert [count["n"] for count in counts] == list(range(1, CALLS + 1))
    assert len({count["pid"] for count in counts}) == 1
    assert done["GET", 200] == 1
    assert done["DELETE", 200] == 1


async def test_client_that_looks_for_the_modern_era_finds_it_and_listens(caller: Caller, trio: str) -> None:
    async with opened(caller, f"/adapters/{trio}/mcp", mode="auto") as client:
        assert client.protocol_version == "2026-07-28"
        assert "echo" in {tool.name for tool in (await client.list_tools()).tools}
        async with client.listen(tools_list_changed=True) as changes:
            counts = [await _count(client) for _ in range(CALLS)]
            await client.call_tool("say")
            with anyio.fail_after(PATIENCE):
                assert await anext(aiter(changes)) == ToolsListChanged()
    assert len({count["pid"] for count in counts}) == 1


async def _count(client: Client) -> dict[str, int]:
    result = await client.call_tool("counter")
    assert isinstance(result, types.CallToolResult)
    return result.structured_content
