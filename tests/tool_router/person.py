"""Person: somebody for whom the proxy vouches, and what they ask a desk, in either era. Streams are read in `events`."""

import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any, cast

from tests.proxy.wire import Connection, Headers, Reply, request
from tests.tool_router.desk import SECRET, Desk
from tests.tool_router.events import Stream

VERSION = "MCP-Protocol-Version"
SESSION = "Mcp-Session-Id"
MODERN = "2026-07-28"
LATEST = "2025-11-25"
BOTH = "application/json, text/event-stream"
META: dict[str, Any] = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientCapabilities": {},
}

type Json = Any


def message(method: str, params: Json = None, id: Json = 1) -> bytes:
    """A request; a notification where `id` is None."""
    made: dict[str, Json] = {"jsonrpc": "2.0", "method": method}
    if id is not None:
        made["id"] = id
    if params is not None:
        made["params"] = params
    return json.dumps(made).encode()


def modern_message(method: str, params: Json = None, id: Json = 1) -> bytes:
    """The same with the envelope of the later revision."""
    return message(method, {"_meta": META, **(params or {})}, id)


class Person:
    """`id` and `roles` as the proxy stamps them."""

    def __init__(self, desk: Desk, id: str = "alice", roles: str = "team") -> None:
        self.desk = desk
        self.id = id
        self.roles = roles

    def stamped(self, *headers: tuple[str, str]) -> Headers:
        """Headers as the proxy would send them."""
        kept = {name.lower() for name, _ in headers}
        usual = [
            ("Host", "mcp"),
            ("X-Mcp-UserId", self.id),
            ("X-Mcp-Roles", self.roles),
            ("X-Gateway-Secret", SECRET),
            ("Accept", BOTH),
            ("Content-Type", "application/json"),
        ]
        return [*((name, value) for name, value in usual if name.lower() not in kept), *headers]

    async def http(
        self, body: bytes | None = None, *headers: tuple[str, str], method: str = "POST", path: str = "/mcp"
    ) -> Reply:
        """One request on a connection of its own, and its whole reply."""
        async with self.desk.connect() as connection:
            await connection.send(request(method, path, self.stamped(*headers), body))
            return await connection.reply(method)

    async def modern(self, method: str, params: Json = None, *headers: tuple[str, str], id: Json = 1) -> Reply:
        """A request of the later revision."""
        return await self.http(modern_message(method, params, id), *self.mirrored(method, params, *headers))

    async def call(self, name: str = "a", arguments: Json = None, *headers: tuple[str, str]) -> Json:
        """The result of a call in the later revision."""
        params: Json = {"name": name} if arguments is None else {"name": name, "arguments": arguments}
        reply = await self.modern("tools/call", params, *headers)
        assert reply.status == 200, reply.body
        return reply.json()["result"]

    def mirrored(self, method: str, params: Json = None, *headers: tuple[str, str]) -> Headers:
        """The headers that a request of the later revision repeats itself in; given ones replace them."""
        kept = {name.lower() for name, _ in headers}
        usual = [(VERSION, MODERN), ("Mcp-Method", method)]
        if method == "tools/call" and isinstance(named := cast("dict[str, object]", params).get("name"), str):
            usual.append(("Mcp-Name", named))
        return [*((name, value) for name, value in usual if name.lower() not in kept), *headers]

    async def begin(self, revision: str = LATEST) -> "Client":
        """A new session."""
        hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
        reply = await self.http(message("initialize", hello))
        assert reply.status == 200, reply.body
        id = reply.header(SESSION)
        assert id is not None
        return Client(self, id, reply.json()["result"]["protocolVersion"])

    async def names(self) -> list[str]:
        """Every tool they see."""
        found: list[str] = []
        cursor: Json = None
        while True:
            reply = await self.modern("tools/list", {} if cursor is None else {"cursor": cursor})
            found += [tool["name"] for tool in reply.json()["result"]["tools"]]
            cursor = reply.json()["result"].get("nextCursor")
            if cursor is None:
                return found

    @asynccontextmanager
    async def opened(
        self, body: bytes | None, *headers: tuple[str, str], method: str = "POST"
    ) -> AsyncGenerator[Stream]:
        """A stream, from its head on."""
        async with self.sent(body, *headers, method=method) as connection:
            head = await connection.head()
            assert head.status == 200, (head.status, await connection.reader.read(1000))
            assert head.header("content-type") == "text/event-stream", head.headers
            yield Stream(connection, head)

    @asynccontextmanager
    async def sent(
        self, body: bytes | None, *headers: tuple[str, str], method: str = "POST"
    ) -> AsyncGenerator[Connection]:
        """A request on its way, nothing of its answer read."""
        async with self.desk.connect() as connection:
            await connection.send(request(method, "/mcp", self.stamped(*headers), body))
            yield connection

    @asynccontextmanager
    async def listening(self, id: Json = 1, wanted: Json = None) -> AsyncGenerator[Stream]:
        """`subscriptions/listen`, acknowledged."""
        params = {"notifications": {"toolsListChanged": True} if wanted is None else wanted}
        body = modern_message("subscriptions/listen", params, id)
        async with self.opened(body, *self.mirrored("subscriptions/listen")) as stream:
            first = await stream.event()
            assert first["method"] == "notifications/subscriptions/acknowledged", first
            yield stream


class Client:
    """A session of a Person."""

    def __init__(self, person: Person, id: str, revision: str) -> None:
        self.person = person
        self.id = id
        self.revision = revision

    @property
    def headers(self) -> Headers:
        """What goes with every request of a session."""
        return [(SESSION, self.id), (VERSION, self.revision)]

    async def post(self, body: bytes) -> Reply:
        """Anything."""
        return await self.person.http(body, *self.headers)

    async def ask(self, method: str, params: Json = None, id: Json = 1) -> Json:
        """A request, and its answer."""
        reply = await self.post(message(method, params, id))
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json()

    async def call(self, name: str = "a", arguments: Json = None, id: Json = 1) -> Json:
        """`tools/call`, and its answer."""
        return await self.ask("tools/call", {"name": name, "arguments": arguments or {}}, id)

    async def cancel(self, params: Json) -> None:
        """`notifications/cancelled`."""
        await self.cancel_raw(json.dumps(params).encode())

    async def cancel_raw(self, params: bytes) -> None:
        """The same with params as they are."""
        reply = await self.post(b'{"jsonrpc":"2.0","method":"notifications/cancelled","params":%b}' % params)
        assert (reply.status, reply.body) == (202, b"")

    @asynccontextmanager
    async def listening(self) -> AsyncGenerator[Stream]:
        """The session's stream, once it is open."""
        async with self.person.opened(None, *self.headers, ("Accept", "text/event-stream"), method="GET") as stream:
            await stream.comment()
            yield stream
