"""The far side of a bridge: a small MCP server in the test's own process, whose misbehaviour is a function. Real HTTP."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from aiohttp import web
from multidict import CIMultiDictProxy

from tests.fakes.wire import event

type Json = dict[str, Any]
type React = Callable[["Seen"], Awaitable[web.StreamResponse | None]]


class Seen(msgspec.Struct):
    """A request as it arrived."""

    request: web.Request
    body: bytes

    @property
    def verb(self) -> str:
        """POST, GET or DELETE."""
        return self.request.method

    @property
    def headers(self) -> CIMultiDictProxy[str]:
        """Its headers."""
        return self.request.headers

    @property
    def session(self) -> str:
        """The session it names."""
        return self.headers.get("Mcp-Session-Id", "")

    @property
    def message(self) -> Json:
        """The body of a POST; nothing for others, and for a batch."""
        return msgspec.json.decode(self.body) if self.body.startswith(b"{") else {}

    @property
    def method(self) -> str:
        """The method of its message."""
        return self.message.get("method", "")


class FarSide:
    """Behaves well wherever `react` gives None. `seen` are all requests, in the order of their arrival."""

    def __init__(self, react: React | None = None) -> None:
        self.url = ""
        self.seen: list[Seen] = []
        self.react = react
        self.sessions = 0

    def posts(self, method: str) -> list[Seen]:
        """The messages of a method that came."""
        return [seen for seen in self.seen if seen.verb == "POST" and seen.method == method]

    def verbs(self, verb: str) -> list[Seen]:
        """The requests of a verb."""
        return [seen for seen in self.seen if seen.verb == verb]

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Serves every path."""
        seen = Seen(request, await request.read())
        self.seen.append(seen)
        if self.react and (reply := await self.react(seen)):
            return reply
        return self.behave(seen)

    def behave(self, seen: Seen) -> web.Response:
        """What a server does that is without fault and has nothing to say."""
        if seen.verb == "GET":
            return web.Response(status=405)
        if seen.verb == "DELETE":
            return web.Response()
        if "id" not in seen.message or not seen.method:
            return web.Response(status=202)
        if seen.method == "initialize":
            self.sessions += 1
            return initialized(seen, f"session-{self.sessions}")
        return result(seen, {"method": seen.method})


def initialized(seen: Seen, session: str, version: str = "2025-06-18") -> web.Response:
    """The reply to `initialize`."""
    reply = result(
        seen, {"protocolVersion": version, "capabilities": {}, "serverInfo": {"name": "far", "version": "1"}}
    )
    reply.headers["Mcp-Session-Id"] = session
    return reply


def result(seen: Seen, value: object) -> web.Response:
    """A JSON result."""
    return web.Response(body=answer(seen, value), content_type="application/json")


def answer(seen: Seen, value: object) -> bytes:
    """The bytes of a result."""
    return msgspec.json.encode({"jsonrpc": "2.0", "id": seen.message.get("id"), "result": value})


def notice(method: str) -> bytes:
    """The bytes of a notification."""
    return msgspec.json.encode({"jsonrpc": "2.0", "method": method})


async def stream(seen: Seen, *events: bytes) -> web.StreamResponse:
    """An event stream with its first events sent."""
    reply = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await reply.prepare(seen.request)
    for each in events:
        await reply.write(each)
    return reply


def cut(seen: Seen) -> None:
    """Tears the connection down."""
    assert seen.request.transport
    seen.request.transport.abort()


async def until_gone(seen: Seen) -> None:
    """Returns when the client has closed the connection: what handler_cancellation raises ends here."""
    try:
        await asyncio.Event().wait()
    except asyncio.CancelledError:
        return


@asynccontextmanager
async def far_side(react: React | None = None, port: int = 0) -> AsyncGenerator[FarSide]:
    """Served at `/mcp` on a free port, or the given one."""
    side = FarSide(react)
    app = web.Application(client_max_size=80 * 2**20)
    app.router.add_route("*", "/{rest:.*}", side.handle)
    runner = web.AppRunner(app, handler_cancellation=True, shutdown_timeout=0.1, access_log=None)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        side.url = f"http://127.0.0.1:{runner.addresses[0][1]}/mcp"
        yield side
    finally:
        await runner.cleanup()


__all__ = [
    "FarSide",
    "Seen",
    "answer",
    "cut",
    "event",
    "far_side",
    "initialized",
    "notice",
    "result",
    "stream",
    "until_gone",
]
