"""The Python SDK's own client, unmodified, at `/mcp`: all tools as one server, in both eras."""

from collections import Counter

import anyio
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client.session import IncomingMessage
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ToolsListChanged

from tests.journeys.caller import Caller
from tests.journeys.sdk import Mode, opened
from tests.journeys.waiting import PATIENCE

CALLS = 20
MODES: dict[Mode, str] = {"auto": "2026-07-28", "legacy": "2025-11-25"}


@pytest.mark.parametrize("mode", MODES)
async def test_client_lists_and_calls_and_is_told_what_went_wrong(caller: Caller, tool: str, mode: Mode) -> None:
    async with opened(caller, mode=mode) as client:
        assert client.protocol_version == MODES[mode]
        assert tool in await names(client)
        answers = [await client.call_tool(tool, {"n": n}) for n in range(CALLS)]
        assert [structured(answer) for answer in answers] == [{"n": n} for n in range(CALLS)]
        failed = await client.call_tool(tool, {"do": "say", "status": 500})
        assert isinstance(failed, types.CallToolResult)
        assert failed.is_error
        with pytest.raises(MCPError, match="Unknown tool: nobody"):
            await client.call_tool("nobody", {})
        assert structured(await client.call_tool(tool, {"n": 0})) == {"n": 0}


@pytest.mark.parametrize("mode", MODES)
async def test_client_comes_again_as_often_as_it_likes(caller: Caller, tool: str, mode: Mode) -> None:
    for n in range(3):
        async with opened(caller, mode=mode) as client:
            assert structured(await client.call_tool(tool, {"n": n})) == {"n": n}


async def test_client_with_a_session_hears_of_a_new_tool_and_may_end_its_session(ada: Caller) -> None:
    heard, done = anyio.Event(), Counter[tuple[str, int]]()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            heard.set()

    async def note(response: httpx2.Response) -> None:
        done[response.request.method, response.status_code] += 1

    async with opened(ada, mode="legacy", hear=hear, note=note) as client:
        with anyio.fail_after(PATIENCE):
            while not done["GET", 200]:  # its stream opens in the background
                await names(client)
        name = await ada.publish(replicaCount=0)
        with anyio.fail_after(PATIENCE):
            await heard.wait()
        assert await names(client) == {name}
    assert done["DELETE", 405] == 1


async def test_client_without_a_session_hears_of_a_new_tool(ada: Caller) -> None:
    async with opened(ada, mode="auto") as client, client.listen(tools_list_changed=True) as changes:
        name = await ada.publish(replicaCount=0)
        with anyio.fail_after(PATIENCE):
            assert await anext(aiter(changes)) == ToolsListChanged()
        assert await names(client) == {name}


async def names(client: Client) -> set[str]:
    """Of all tools, page after page."""
    found = await client.list_tools()
    seen = {tool.name for tool in found.tools}
    while found.next_cursor:
        found = await client.list_tools(cursor=found.next_cursor)
        seen |= {tool.name for tool in found.tools}
    return seen


def structured(answer: object) -> object:
    """The structured content of a result."""
    assert isinstance(answer, types.CallToolResult)
    return answer.structured_content
