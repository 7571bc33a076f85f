"""The bridge in front of a remote server: in both eras, and when the remote misbehaves."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import pytest
from aiohttp import web
from mcp import Client

from tests.fakes.ports import free_port
from tests.samples.conftest import Start
from tests.samples.process import Running
from tests.samples.wire import HEADERS, Wire, initialize

BRIDGE = "samples.mcp_bridge"
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@pytest.mark.parametrize(("mode", "version"), [("auto", "2026-07-28"), ("legacy", "2025-11-25")])
async def test_the_sdks_client_reaches_the_remote_server_in_its_own_era(
    start: Start, example: Running, mode: str, version: str
) -> None:
    bridge = await start(BRIDGE, MCP_PROXY_URL=example.url)
    steps: list[float] = []

    async def step(progress: float, total: float | None, message: str | None) -> None:
        del total, message
        steps.append(progress)

    async with Client(bridge.url, mode=mode) as client:
        assert client.protocol_version == version
        counts = [(await client.call_tool("counter")).structured_content for _ in range(2)]
        assert [count and count["n"] for count in counts] == [1, 2]
        await client.call_tool("slow", {"seconds": 0.02, "steps": 2}, progress_callback=step)
        assert steps == [1, 2]


async def test_a_session_is_the_remotes_own(start: Start, example: Running, http: aiohttp.ClientSession) -> None:
    session = await Wire(http, (await start(BRIDGE, MCP_PROXY_URL=example.url)).url).open()
    async with session.get() as stream:
        assert stream.content_type == "text/event-stream"
        assert await session.call("echo", text="hello") == "hello"
        assert await session.delete() == 200
        assert await stream.read() == b""
    assert await session.status() == 404


async def test_only_what_belongs_to_mcp_is_sent_on(start: Start, http: aiohttp.ClientSession) -> None:
    seen: list[web.Request] = []

    async def handle(request: web.Request) -> web.Response:
        seen.append(request)
        assert await request.read() == b'{"any":  "bytes"}'
        headers = {"Mcp-Session-Id": "abc", "Set-Cookie": "a=b", "Server": "s", "Retry-After": "3"}
        return web.Response(status=418, body=b"odd", content_type="text/odd", headers=headers)

    sent = HEADERS | {"Mcp-Param-Region": "eu", "MCP-Protocol-Version": "2026-07-28", "Last-Event-ID": "7"}
    held_back = {
        "Authorization": "Bearer x",
        "Cookie": "a=b",
        "X-Mcp-UserId": "ada",
        "X-Mcp-Roles": "r",
        "X-Other": "o",
    }
    async with fake(handle) as port:
        bridge = await start(BRIDGE, MCP_PROXY_URL=f"http://127.0.0.1:{port}/deep/mcp?key=a%2Fb")
        async with http.post(bridge.url + "?x=1", data=b'{"any":  "bytes"}', headers=sent | held_back) as response:
            assert (response.status, await response.read(), response.content_type) == (418, b"odd", "text/odd")
            assert response.headers["Mcp-Session-Id"] == "abc"
            assert response.headers["Retry-After"] == "3"
            assert "Set-Cookie" not in response.headers
    assert seen[0].raw_path == "/deep/mcp?key=a%2Fb"
    assert {name: seen[0].headers[name] for name in sent} == sent
    assert not set(held_back) & set(seen[0].headers)
    assert seen[0].headers["Host"] == f"127.0.0.1:{port}"


async def test_a_client_that_hangs_up_is_hung_up_on_the_remote(start: Start, http: aiohttp.ClientSession) -> None:
    arrived, gone = asyncio.Event(), asyncio.Event()

    async def handle(_: web.Request) -> web.Response:
        arrived.set()
        try:
            await asyncio.Event().wait()
        finally:
            gone.set()
        raise AssertionError

    async with fake(handle) as port, asyncio.timeout(20):
        bridge = await start(BRIDGE, MCP_PROXY_URL=f"http://127.0.0.1:{port}/mcp")
        call = asyncio.create_task(Wire(http, bridge.url).open())
        await arrived.wait()
        call.cancel()
        await gone.wait()


async def test_a_stream_that_breaks_off_breaks_off_here_too(start: Start, http: aiohttp.ClientSession) -> None:
    async def handle(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
        await response.prepare(request)
        await response.write(b"data: {}\n\n")
        await go_on.wait()
        assert request.transport
        request.transport.abort()
        return response

    go_on = asyncio.Event()
    async with fake(handle) as port:
        bridge = await start(BRIDGE, MCP_PROXY_URL=f"http://127.0.0.1:{port}/mcp")
        async with http.post(bridge.url, json=initialize(), headers=HEADERS) as response:
            assert await response.content.readline() == b"data: {}\n"  # before the end of it all
            go_on.set()
            with pytest.raises(aiohttp.ClientError):
                await response.read()


@pytest.mark.parametrize(
    ("status", "headers", "why"),
    [
        (401, {"WWW-Authenticate": "Bearer"}, "asks for credentials (401)"),
        (407, {}, "asks for credentials (407)"),
        (307, {"Location": "/mcp/"}, "redirects to /mcp/: set MCP_PROXY_URL"),
    ],
)
async def test_what_a_client_here_could_only_misread_is_a_502(
    start: Start, http: aiohttp.ClientSession, status: int, headers: dict[str, str], why: str
) -> None:
    async def handle(_: web.Request) -> web.Response:
        return web.Response(status=status, headers=headers)

    async with fake(handle) as port:
        bridge = await start(BRIDGE, MCP_PROXY_URL=f"http://127.0.0.1:{port}/mcp")
        async with http.post(bridge.url, json=initialize(), headers=HEADERS) as response:
            assert response.status == 502
            assert why in (await response.json())["error"]["message"]
            assert "WWW-Authenticate" not in response.headers


async def test_a_remote_that_is_not_there_is_a_502(start: Start, http: aiohttp.ClientSession) -> None:
    bridge = await start(BRIDGE, MCP_PROXY_URL=f"http://127.0.0.1:{free_port()}/mcp")
    async with http.post(bridge.url, json=initialize(), headers=HEADERS) as response:
        assert response.status == 502
        assert "did not answer" in (await response.json())["error"]["message"]


async def test_sigterm_ends_it_soon_also_with_an_open_stream(
    start: Start, example: Running, http: aiohttp.ClientSession
) -> None:
    bridge = await start(BRIDGE, MCP_PROXY_URL=example.url)
    session = await Wire(http, bridge.url).open()
    async with session.get(), asyncio.timeout(10):
        assert await bridge.end() == 0


@asynccontextmanager
async def fake(handle: Handler) -> AsyncGenerator[int]:
    """A remote server that answers everything with this; its port."""
    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        port: int = runner.addresses[0][1]
        yield port
    finally:
        await runner.cleanup()
