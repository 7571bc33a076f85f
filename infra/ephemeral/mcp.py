"""Session: as much of an MCP client as one journey takes, on aiohttp: the handshake of 2025-11-25, and one call.

Not the SDK: whoever deploys does not install what servers are made of. JSON and event-stream answers are both read.
"""

from collections.abc import Mapping
from typing import Any

import msgspec
from aiohttp import ClientResponse, ClientSession

VERSION = "2025-11-25"
_HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


class McpError(Exception):
    """It answered, but not as MCP servers do."""


class Busy(McpError):
    """503 or 502: not yet. What it said is the message."""


class Session:
    """With the server at `url`; `begin` first."""

    def __init__(self, http: ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._headers: dict[str, str] = dict(_HEADERS)
        self._next = 0

    async def begin(self) -> str:
        """The server's name. Raises McpError, Busy, aiohttp's ClientError."""
        client = {"name": "mcp-gateway-smoke", "version": "1"}
        asked = {"protocolVersion": VERSION, "capabilities": {}, "clientInfo": client}
        result = await self.ask("initialize", asked)
        self._headers["MCP-Protocol-Version"] = str(result.get("protocolVersion", VERSION))
        await self._post({"jsonrpc": "2.0", "method": "notifications/initialized"})
        return str(result.get("serverInfo", {}).get("name", "?"))

    async def call(self, tool: str, arguments: Mapping[str, Any]) -> str:
        """The text of its answer. Raises as `begin`."""
        result = await self.ask("tools/call", {"name": tool, "arguments": dict(arguments)})
        text = "".join(str(part.get("text", "")) for part in result.get("content", []))
        if result.get("isError"):
            raise McpError(f"the tool failed: {text[:200]}")
        return text

    async def ask(self, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
        """A result. Raises as `begin`."""
        self._next += 1
        message = {"jsonrpc": "2.0", "id": self._next, "method": method, "params": dict(params)}
        answer = await self._post(message)
        if answer is None or "result" not in answer:
            raise McpError(f"{method} was answered with {answer}")
        return answer["result"]

    async def end(self) -> None:
        """What the server kept for it may go; one that has no such request does not matter."""
        async with self._http.delete(self._url, headers=self._headers):
            return

    async def _post(self, message: Mapping[str, Any]) -> dict[str, Any] | None:
        body = msgspec.json.encode(message)
        async with self._http.post(self._url, data=body, headers=self._headers, allow_redirects=False) as response:
            if session := response.headers.get("Mcp-Session-Id"):
                self._headers["Mcp-Session-Id"] = session
            if response.status == 202:
                return None
            if response.status != 200:
                kind = Busy if response.status in (502, 503, 504) else McpError
                raise kind(f"{response.status} {(await response.text())[:300]}")
            return await _answer(response)


async def _answer(response: ClientResponse) -> dict[str, Any]:
    """The body, or the first event that is an answer and no notification."""
    if response.content_type != "text/event-stream":
        return _decoded(await response.read())
    data: list[bytes] = []
    async for line in response.content:
        if line.startswith(b"data:"):
            data.append(line[5:].strip())
        elif not line.strip() and data:
            message = _decoded(b"\n".join(data)) if any(data) else {}
            if "id" in message and "method" not in message:
                return message
            data.clear()
    raise McpError("the stream ended without an answer")


def _decoded(body: bytes) -> dict[str, Any]:
    try:
        return msgspec.json.decode(body, type=dict[str, Any])
    except msgspec.MsgspecError as error:
        raise McpError(f"no JSON object: {error}") from error
