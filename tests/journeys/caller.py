"""Caller: one person in front of the gateway's REST API. Registers, and removes what it registered. How it proves who it is: `proof`."""

import secrets
from types import TracebackType
from typing import Any

import aiohttp
import msgspec

from tests.fakes.images import VERSION
from tests.journeys import proof
from tests.journeys.reply import Json, Reply, read
from tests.journeys.waiting import PATIENCE, until

TEAM = "team"  # the role of those who may call what a test shares
# Small: a cluster of two cores holds only eight instances that ask for the default. The local gateway ignores it.
RESOURCES: Json = {"requests": {"cpu": "10m", "memory": "32Mi"}}
DEFINITION: Json = {"description": "Answers as its arguments say.", "inputSchema": {"type": "object"}}


class Caller:
    """`async with Caller(url, user) as ada`: what she registered is deleted at the end. `roles` are separated by commas.

    `proven`: the headers by which she says who she is, where not by the usual ones of the run.
    """

    def __init__(self, url: str, user: str = "", roles: str = "", proven: dict[str, str] | None = None) -> None:
        self.url = url
        self.user = user or proof.USER
        self.roles = roles
        self.headers = proof.headers(user, roles) if proven is None else proven
        self.http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0), timeout=aiohttp.ClientTimeout(total=2 * PATIENCE)
        )
        self._registered: list[str] = []

    async def __aenter__(self) -> "Caller":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            for path in self._registered:
                await self.delete(path)
        finally:
            await self.http.close()

    async def get(self, path: str, **headers: str) -> Reply:
        """GET; header names are written with `_` for `-`."""
        return await self.ask("GET", path, headers)

    async def delete(self, path: str, **headers: str) -> Reply:
        """DELETE."""
        return await self.ask("DELETE", path, headers)

    async def post(self, path: str, body: object, **headers: str) -> Reply:
        """POST of a JSON value, or of bytes as they are."""
        return await self.ask("POST", path, headers, body)

    async def put(self, path: str, body: object, **headers: str) -> Reply:
        """PUT of a JSON value, or of bytes as they are."""
        return await self.ask("PUT", path, headers, body)

    async def ask(self, method: str, path: str, headers: dict[str, str], body: object = None) -> Reply:
        """One request with the caller's identity."""
        sent = {**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}}
        data = None if body is None else body if isinstance(body, bytes) else msgspec.json.encode(body)
        if data is not None:
            sent.setdefault("Content-Type", "application/json")
        async with self.http.request(
            method, self.url + path, headers=sent, data=data, allow_redirects=False
        ) as response:
            return await read(response)

    async def register(self, image: str, **members: Any) -> str:
        """Registers an adapter under a name of its own; returns the name. Raises AssertionError unless 201."""
        return await self._created("/adapters", adapter(image, **members))

    async def publish(self, **members: Any) -> str:
        """Registers a tool (see `tool`); returns its name. Raises AssertionError unless 201."""
        return await self._created("/tools", tool(**members))

    async def change(self, **members: Any) -> None:
        """Replaces a tool, named among `members`, as `publish` made it but for these. Raises AssertionError unless 200."""
        body = tool(**members)
        reply = await self.put(f"/tools/{body['name']}", body)
        assert reply.status == 200, reply.body

    async def withdraw(self, name: str) -> None:
        """Deletes a tool. Raises AssertionError unless 204."""
        reply = await self.delete(f"/tools/{name}")
        assert reply.status == 204, reply.body

    async def serving(self, image: str, **members: Any) -> str:
        """Registers an adapter and waits until all its instances are ready; returns the name."""
        name = await self.register(image, **members)
        await self.ready(name, members.get("replicaCount", 1))
        return name

    async def ready(self, name: str, replicas: int) -> None:
        """Waits until `replicas` instances are ready."""
        await until(lambda: self.status(name), lambda status: status["readyReplicas"] == replicas)

    async def status(self, name: str) -> Json:
        """The status of an adapter."""
        reply = await self.get(f"/adapters/{name}/status")
        assert reply.status == 200, reply.body
        return reply.json

    async def _created(self, path: str, body: Json) -> str:
        reply = await self.post(path, body)
        assert reply.status == 201, reply.body
        self._registered.append(f"{path}/{body['name']}")
        return body["name"]

    def later_removes(self, path: str) -> None:
        """Deletes `path` at the end as well."""
        self._registered.append(path)


def adapter(image: str, **members: Any) -> Json:
    """The body of an adapter with a name that no other has."""
    return {**_body(image, fresh(image[:20])), **members}


def tool(definition: Json | msgspec.Raw | None = None, image: str = "tool", **members: Any) -> Json:
    """The body of a tool, `definition` its MCP definition: one that takes any arguments, unless said otherwise."""
    body = {**_body(image, fresh("tool")), **members}
    return {**body, "toolDefinition": {"tool": DEFINITION if definition is None else definition}}


def _body(image: str, name: str) -> Json:
    return {"name": name, "imageName": image, "imageVersion": VERSION, "resources": RESOURCES}


def fresh(stem: str = "j") -> str:
    """A name nobody used before."""
    return f"{stem}-{secrets.token_hex(4)}"
