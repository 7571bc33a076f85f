"""A client of the handshake revisions by hand: what goes over the wire, byte for byte. Not the SDK's."""

import json
from collections.abc import AsyncIterator
from typing import Any

import aiohttp

HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}
VERSION = "2025-11-25"


def request(id: Any, method: str, **params: Any) -> dict[str, Any]:
    return {"jsonrpc": "2.0", "id": id, "method": method, "params": params}


def initialize(id: Any = 0) -> dict[str, Any]:
    return request(
        id, "initialize", protocolVersion=VERSION, capabilities={}, clientInfo={"name": "wire", "version": "1"}
    )


class Wire:
    """One session."""

    def __init__(self, http: aiohttp.ClientSession, url: str) -> None:
        self._http = http
        self._url = url
        self._id = 0
        self.headers = dict(HEADERS)

    async def open(self) -> "Wire":
        async with self.post(initialize()) as response:
            assert response.status == 200, await response.text()
            self.headers |= {"Mcp-Session-Id": response.headers["Mcp-Session-Id"], "MCP-Protocol-Version": VERSION}
        async with self.post({"jsonrpc": "2.0", "method": "notifications/initialized"}) as response:
            assert response.status == 202
        return self

    def post(self, message: object) -> "aiohttp.client._RequestContextManager":  # pyright: ignore[reportPrivateUsage]  # what it is called
        body = message if isinstance(message, bytes) else json.dumps(message).encode()
        return self._http.post(self._url, data=body, headers=self.headers)

    def get(self) -> "aiohttp.client._RequestContextManager":  # pyright: ignore[reportPrivateUsage]  # what it is called
        return self._http.get(self._url, headers=self.headers)

    async def delete(self) -> int:
        async with self._http.delete(self._url, headers=self.headers) as response:
            return response.status

    def tool(self, name: str, meta: dict[str, Any] | None = None, /, **arguments: Any) -> dict[str, Any]:
        self._id += 1
        params: dict[str, Any] = {"name": name, "arguments": arguments}
        return request(self._id, "tools/call", **(params | ({"_meta": meta} if meta else {})))

    async def call(self, name: str, /, **arguments: Any) -> str:
        """The text that the tool answers."""
        async with self.post(self.tool(name, **arguments)) as response:
            assert response.status == 200, await response.text()
            *_, last = [message async for message in messages(response)]
        text: str = last["result"]["content"][0]["text"]
        return text

    async def status(self) -> int:
        """Of a call, whatever it answers."""
        async with self.post(self.tool("pid")) as response:
            return response.status


async def events(response: aiohttp.ClientResponse) -> AsyncIterator[str]:
    """The data of each event, as it comes."""
    assert response.content_type == "text/event-stream", await response.text()
    async for line in response.content:
        if line.startswith(b"data: "):
            yield line.removeprefix(b"data: ").removesuffix(b"\n").decode()


async def messages(response: aiohttp.ClientResponse) -> AsyncIterator[Any]:
    async for data in events(response):
        yield json.loads(data)
