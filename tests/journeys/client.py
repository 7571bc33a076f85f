"""Client: one MCP client at one URL, by hand: a session of the handshake revisions, or 2026-07-28 without one.

Every byte is the test's own: what an SDK would never send can be sent too. The SDKs' clients have journeys of their own.
"""

import io
from collections.abc import AsyncGenerator, AsyncIterable
from contextlib import asynccontextmanager

import aiohttp
import msgspec

from tests.fakes.wire import MODERN
from tests.journeys.caller import Caller
from tests.journeys.reply import Json, Reply, read

LEGACY = "2025-11-25"
SESSION = "Mcp-Session-Id"
ACCEPT = {"Content-Type": "application/json", "Accept": "application/json, text/event-stream"}
_META = "io.modelcontextprotocol"
ENVELOPE = {
    f"{_META}/protocolVersion": MODERN,
    f"{_META}/clientInfo": {"name": "journey", "version": "1.0.0"},
    f"{_META}/clientCapabilities": {},
}


class Client:
    """Speaks to `/adapters/{name}/mcp` as a caller, without a name to `/mcp`: all tools; `modern` chooses the era."""

    def __init__(self, caller: Caller, name: str = "", *, modern: bool = False) -> None:
        self.path = f"/adapters/{name}/mcp" if name else "/mcp"
        self.session = ""
        self.revision = LEGACY
        self._caller = caller
        self.modern = modern
        self._last = 0

    async def initialize(self) -> Reply:
        """Begins a session of `revision`. Raises AssertionError unless the gateway gives an id."""
        params = {
            "protocolVersion": self.revision,
            "capabilities": {},
            "clientInfo": {"name": "journey", "version": "1"},
        }
        reply = await self.post(self.message("initialize", params))
        assert reply.status == 200, (reply.status, reply.body)
        self.session = reply.headers[SESSION]
        await self.post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return reply

    async def begin(self) -> "Client":
        """Does what its era does first: a session, or nothing."""
        if not self.modern:
            await self.initialize()
        return self

    async def call(self, tool: str, **arguments: object) -> Json:
        """The structured result of a tool. Raises AssertionError unless there is one."""
        reply = await self.calling(tool, **arguments)
        assert reply.status == 200, (reply.status, reply.body)
        return reply.json["result"]["structuredContent"]

    async def ask(self, method: str, **params: object) -> Reply:
        """The reply to a request of any method."""
        return await self.post(self.message(method, params))

    async def calling(self, tool: str, **arguments: object) -> Reply:
        """The reply to `tools/call`, whatever it is."""
        return await self.post(self.message("tools/call", {"name": tool, "arguments": arguments}))

    async def post(self, message: Json, **headers: str) -> Reply:
        """POST of one message; header names are written with `_` for `-`."""
        async with self.posting(message, **headers) as response:
            return await read(response)

    @asynccontextmanager
    async def posting(self, message: Json, **headers: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """POST of one message, as soon as the head of the answer is there."""
        async with self.sending(message, msgspec.json.encode(message), **headers) as response:
            yield response

    @asynccontextmanager
    async def sending(
        self, message: Json, body: bytes | AsyncIterable[bytes], **headers: str
    ) -> AsyncGenerator[aiohttp.ClientResponse]:
        """POST of any body, with the headers of a message: in one piece, or in chunks as they come."""
        sent = {**self.headers(message), **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = io.BytesIO(body) if isinstance(body, bytes) else body  # aiohttp warns of large bytes
        async with self._caller.http.post(
            self._caller.url + self.path, headers=sent, data=data, allow_redirects=False
        ) as response:
            yield response

    @asynccontextmanager
    async def listening(self, **headers: str) -> AsyncGenerator[aiohttp.ClientResponse]:
        """The session's GET stream."""
        sent = {**self.headers({}), **{name.replace("_", "-"): value for name, value in headers.items()}}
        async with self._caller.http.get(self._caller.url + self.path, headers=sent) as response:
            yield response

    async def delete(self) -> Reply:
        """Ends the session."""
        return await self._caller.ask("DELETE", self.path, self.headers({}))

    def message(self, method: str, params: Json) -> Json:
        """A request with the next id, in the envelope of its era."""
        self._last += 1
        inside = {**params, "_meta": {**ENVELOPE, **params.get("_meta", {})}} if self.modern else params
        return {"jsonrpc": "2.0", "id": self._last, "method": method, "params": inside}

    def headers(self, message: Json) -> dict[str, str]:
        """What a client of this era sends along with a message."""
        sent = {**self._caller.headers, **ACCEPT}
        if self.modern:
            sent["MCP-Protocol-Version"] = MODERN
            sent["Mcp-Method"] = str(message.get("method", ""))
            if name := message.get("params", {}).get("name"):
                sent["Mcp-Name"] = str(name)
        elif self.session:
            sent |= {SESSION: self.session, "MCP-Protocol-Version": self.revision}
        return sent
