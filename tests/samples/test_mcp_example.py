"""The example MCP server, used by the SDK's client in both eras."""

import asyncio
import signal
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import httpx2
import mcp_types as types
import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp.client.streamable_http import streamable_http_client

from tests.samples.conftest import Start
from tests.samples.process import Running
from tests.samples.wire import HEADERS, Wire, initialize

ERAS = pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
TOOLS = {"add", "counter", "echo", "greet", "slow", "whoami"}


@ERAS
async def test_its_tools_answer(example: Running, mode: str, version: str) -> None:
    async with Client(example.url, mode=mode) as client:
        assert client.protocol_version == version
        assert {tool.name for tool in (await client.list_tools()).tools} == TOOLS
        assert await structured(client, "add", a=2, b=40) == {"result": 42}
        assert await structured(client, "echo", text="é\n") == {"result": "é\n"}
        assert await structured(client, "greet", name="Ada") == {"result": "Hello, Ada!"}
        assert (await client.call_tool("add", {"a": "x", "b": 1})).is_error


@ERAS
async def test_greet_asks_for_the_name(example: Running, mode: str, version: str) -> None:
    del version

    async def elicit(context: ClientRequestContext, params: types.ElicitRequestParams) -> types.ElicitResult:
        del context
        assert params.message == "Who is there?"
        return types.ElicitResult(action="accept", content={"name": "Grace"})

    async with Client(example.url, mode=mode, elicitation_callback=elicit) as client:
        assert await structured(client, "greet") == {"result": "Hello, Grace!"}


@ERAS
async def test_slow_reports_progress_and_can_be_cancelled(example: Running, mode: str, version: str) -> None:
    del version
    steps: list[float] = []

    async def step(progress: float, total: float | None, message: str | None) -> None:
        assert (total, message) == (3, f"step {progress:g} of 3")
        steps.append(progress)

    async with Client(example.url, mode=mode) as client:
        await client.call_tool("slow", {"seconds": 0.03, "steps": 3}, progress_callback=step)
        assert steps == [1, 2, 3]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.2):
                await client.call_tool("slow", {"seconds": 600})
        assert await structured(client, "add", a=1, b=1) == {"result": 2}


async def test_the_counter_is_the_sessions_own(example: Running) -> None:
    url = example.url
    async with Client(url, mode="legacy") as one, Client(url, mode="legacy") as other:
        counts = [await structured(client, "counter") for client in (one, one, other)]
    assert [(count["n"], count["counted"]) for count in counts] == [(1, "session"), (2, "session"), (1, "session")]


async def test_without_sessions_the_counter_is_the_callers(example: Running) -> None:
    url = example.url
    counts: list[tuple[int, str]] = []
    for user in ("ada", "ada", "grace"):
        async with called_by(url, user, "auto") as client:
            count = await structured(client, "counter")
            counts.append((count["n"], count["counted"]))
    assert counts == [(1, "caller"), (2, "caller"), (1, "caller")]


@ERAS
async def test_whoami_tells_what_the_gateway_told(example: Running, mode: str, version: str) -> None:
    url = example.url
    async with called_by(url, "ada", mode) as client:
        told = await structured(client, "whoami")
    assert told == {"user_id": "ada", "roles": ["mcp.dev", "mcp.admin"], "protocol_version": version}


async def test_only_names_of_this_machine_are_served(example: Running, http: aiohttp.ClientSession) -> None:
    wanted = {f"localhost:{example.port}": 200, f"127.0.0.1:{example.port}": 200, "evil.example": 421}
    for host, status in wanted.items():
        async with http.post(example.url, json=initialize(), headers=HEADERS | {"Host": host}) as response:
            assert response.status == status, host


async def test_sigterm_ends_it_soon_also_with_an_open_stream(start: Start, http: aiohttp.ClientSession) -> None:
    running = await start("samples.mcp_example")
    session = await Wire(http, running.url).open()
    async with session.get(), asyncio.timeout(10):
        assert await running.end() == -signal.SIGTERM  # handled first, then raised again: uvicorn's way
        assert "Application shutdown complete" in running.log.read_text()


@asynccontextmanager
async def called_by(url: str, user: str, mode: str) -> AsyncGenerator[Client]:
    """A client whose requests carry what the gateway adds for this user."""
    headers = {"X-Mcp-UserId": user, "X-Mcp-Roles": "mcp.dev, mcp.admin"}
    async with (
        httpx2.AsyncClient(headers=headers) as http,
        Client(streamable_http_client(url, http_client=http), mode=mode) as client,
    ):
        yield client


async def structured(client: Client, name: str, /, **arguments: Any) -> Any:
    return (await client.call_tool(name, arguments)).structured_content
