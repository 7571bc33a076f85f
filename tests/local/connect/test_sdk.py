"""The official SDK's stdio client, unmodified, over `mcp-gateway connect`: a server alone, and the gateway's adapters."""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, Literal

import anyio
import mcp_types as types
import pytest
import pytest_asyncio
from mcp import Client
from mcp.client.context import ClientRequestContext
from mcp.client.session import IncomingMessage
from mcp.client.stdio import StdioServerParameters, stdio_client
from mcp.shared.exceptions import MCPError
from mcp.shared.subscriptions import ToolsListChanged

from tests.fakes.process import running
from tests.journeys.gateway import Gateway
from tests.local.connect.near_side import PROGRAM
from tests.local.waiting import PATIENCE


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def alone() -> AsyncGenerator[str]:
    """The URL of a recorder with nothing in front."""
    async with running("recorder") as url:
        yield url


@pytest.fixture(params=["alone", "behind the gateway"])
def url(request: pytest.FixtureRequest, alone: str, gateway: Gateway, trio: str) -> str:
    """Of a recorder."""
    return alone if request.param == "alone" else f"{gateway.url}/adapters/{trio}/mcp"


def over(url: str) -> StdioServerParameters:
    """How a client that only knows stdio starts the bridge."""
    return StdioServerParameters(command=str(PROGRAM), args=["connect", url])


@asynccontextmanager
async def client(url: str, mode: Literal["legacy", "auto"], **callbacks: Any) -> AsyncGenerator[Client]:
    """The SDK's client over the bridge."""
    async with Client(stdio_client(over(url)), mode=mode, **callbacks) as opened:
        yield opened


@pytest.mark.parametrize(("mode", "version"), [("legacy", "2025-11-25"), ("auto", "2026-07-28")])
async def test_it_connects_lists_and_calls(url: str, mode: Literal["legacy", "auto"], version: str) -> None:
    async with client(url, mode) as opened:
        assert opened.protocol_version == version
        assert "echo" in {tool.name for tool in (await opened.list_tools()).tools}
        assert await call(opened, "echo", text="é") == {"text": "é"}
        with pytest.raises(MCPError, match="Unknown tool"):
            await opened.call_tool("nothing")


async def test_a_session_stays_one_session(url: str) -> None:
    async with client(url, "legacy") as opened:
        assert [(await call(opened, "counter"))["n"] for _ in range(5)] == [1, 2, 3, 4, 5]


@pytest.mark.parametrize("mode", ["legacy", "auto"])
async def test_progress_comes_before_the_result(url: str, mode: Literal["legacy", "auto"]) -> None:
    heard: list[float] = []

    async def hear(progress: float, total: float | None, message: str | None) -> None:
        heard.append(progress)

    async with client(url, mode) as opened:
        await opened.call_tool("progress", {"steps": 3}, progress_callback=hear)
    assert heard == [1, 2, 3]


async def test_the_person_is_asked_and_the_answer_arrives(url: str) -> None:
    async def elicit(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        return types.ElicitResult(action="accept", content={"colour": params.message[:5]})

    async with client(url, "legacy", elicitation_callback=elicit) as opened:
        said = await call(opened, "elicit")
    assert said["answer"]["content"] == {"colour": "Which"}


async def test_list_changed_is_heard_in_a_session(url: str) -> None:
    heard = anyio.Event()

    async def hear(message: IncomingMessage) -> None:
        if isinstance(message, types.ToolListChangedNotification):
            heard.set()

    async with client(url, "legacy", message_handler=hear) as opened:
        await opened.call_tool("say")
        with anyio.fail_after(PATIENCE):
            await heard.wait()


async def test_list_changed_is_heard_by_those_who_listen(url: str) -> None:
    async with client(url, "auto") as opened, opened.listen(tools_list_changed=True) as changes:
        await opened.call_tool("say")
        with anyio.fail_after(PATIENCE):
            assert await anext(aiter(changes)) == ToolsListChanged()


async def test_a_call_that_is_given_up_is_cancelled_there(url: str) -> None:
    key = secrets.token_hex(4)
    async with client(url, "auto") as opened:
        async with anyio.create_task_group() as calling:
            calling.start_soon(opened.call_tool, "slow", {"key": key})
            assert await call(opened, "witness", key=key, entry="begun", seconds=PATIENCE) == {"entries": ["begun"]}
            calling.cancel_scope.cancel()
        seen = await call(opened, "witness", key=key, entry="cancelled", seconds=PATIENCE)
    assert seen == {"entries": ["begun", "cancelled"]}


async def call(opened: Client, tool: str, **arguments: object) -> dict[str, Any]:
    """The structured result of a tool."""
    result = await opened.call_tool(tool, arguments)
    assert isinstance(result, types.CallToolResult)
    return result.structured_content
