"""A person in front of a local gateway, over HTTP."""

from contextlib import AbstractAsyncContextManager
from typing import Any

import aiohttp

from tests.local.waiting import until

type Json = dict[str, Any]


class Rest:
    """`async with Rest(url) as rest`."""

    def __init__(self, url: str) -> None:
        self._http = aiohttp.ClientSession(url, timeout=aiohttp.ClientTimeout(total=60))

    async def __aenter__(self) -> "Rest":
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.close()

    async def status(self, method: str, path: str, body: Json | None = None) -> int:
        """The status of an answer."""
        async with self._http.request(method, path, json=body) as reply:
            await reply.read()
            return reply.status

    async def get(self, path: str) -> Any:
        """A JSON answer."""
        async with self._http.get(path) as reply:
            return await reply.json(content_type=None)

    def page(self, path: str) -> AbstractAsyncContextManager[aiohttp.ClientResponse]:
        """An answer with its head."""
        return self._http.get(path)

    async def adapter(self, name: str, image: str = "listens", **members: Any) -> None:
        """Registers an adapter of a tiny image and waits until it is ready."""
        body = {"name": name, "imageName": image, "imageVersion": "1", **members}
        assert await self.status("POST", "/adapters", body) == 201
        await self.ready(name)

    async def ready(self, name: str) -> None:
        """Waits until all instances are."""
        await until(lambda: self.get(f"/adapters/{name}/status"), lambda s: s.get("replicaStatus") == "Healthy")

    async def call(self, name: str) -> Json:
        """What the process behind an adapter says of itself."""
        message = {"jsonrpc": "2.0", "id": 1, "method": "ping"}
        headers = {"Accept": "application/json, text/event-stream", "MCP-Protocol-Version": "2026-07-28"}
        async with self._http.post(f"/adapters/{name}/mcp", json=message, headers=headers) as reply:
            assert reply.status == 200, await reply.text()
            return await reply.json(content_type=None)
