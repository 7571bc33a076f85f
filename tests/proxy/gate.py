"""Gate: a running Proxy with a catalog that a test writes, and a client for it."""

import asyncio
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Protocol

import msgspec

from gateway.audit import Audit
from gateway.card import ROUTER, Card, card_of_router
from gateway.catalog import Instance
from gateway.dev_identity import DevIdentity
from gateway.identity import Identify
from gateway.protected_resource import ProtectedResource
from gateway.seal import KeyRing
from gateway.telemetry.span import Span, Tracer
from gateway.view import View
from proxy.app import Proxy
from proxy.forward import ControlPlane
from proxy.settings import Settings
from tests.proxy import wire
from tests.proxy.pod import Pod, Script
from tests.proxy.wire import Connection, Headers, Reply

SESSION = "Mcp-Session-Id"
VERSION = "MCP-Protocol-Version"
MODERN = (VERSION, "2026-07-28")
PATH = "/adapters/a/mcp"
MCP = "/mcp"
SECRET = "only-the-gateway-knows-this"


class Gate:
    """A Proxy on a free port. `view` is its catalog, `audited` what it told its audit, `spans` what it told of traces."""

    def __init__(
        self,
        settings: Settings,
        identify: Identify,
        control_plane: ControlPlane | None,
        secret: str,
        protected: ProtectedResource | None,
        traced: bool,
    ) -> None:
        self.spans: list[Span] = []
        self.audited: list[dict[str, str]] = []
        self.view = View(synced=True)
        self.seals = KeyRing([b"0123456789abcdef"])
        self.proxy = Proxy(
            self.view,
            identify,
            self.seals,
            settings,
            control_plane,
            secret,
            protected,
            Audit(self._keep),
            Tracer("proxy", self.spans.append) if traced else None,
        )
        self.port = 0

    def _keep(self, line: bytes) -> None:
        self.audited.append(json.loads(line))

    def adapter(self, *pods: Pod | Instance, name: str = "a", **card: object) -> None:
        """Lists an adapter with its instances."""
        wanted: dict[str, object] = {
            "kind": "adapter",
            "name": name,
            "uid": f"uid-of-{name}",
            "generation": 1,
            "createdBy": "dev",
            "requiredRoles": ["mcp.dev"],
            **card,
        }
        self.view.put_card(msgspec.convert(wanted, Card))
        self.view.put_instances("adapter", name, [it.instance() if isinstance(it, Pod) else it for it in pods])

    def routers(self, *pods: Pod | Instance) -> None:
        """Lists the tool router with its instances."""
        self.view.put_card(card_of_router())
        self.view.put_instances("platform", ROUTER, [it.instance() if isinstance(it, Pod) else it for it in pods])

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """A client's connection."""
        return wire.connect(self.port)

    def request(
        self, method: str = "POST", path: str = PATH, headers: Headers | None = None, body: bytes | None = b"{}"
    ) -> bytes:
        """The bytes of a request."""
        given = headers or []
        host = [] if any(name.lower() == "host" for name, _ in given) else [("Host", f"127.0.0.1:{self.port}")]
        return wire.request(method, path, [*host, *given], body if method in ("POST", "PUT") else None)

    async def call(
        self, *headers: tuple[str, str], method: str = "POST", path: str = PATH, body: bytes | None = b"{}"
    ) -> Reply:
        """One request on a connection of its own, and its whole reply."""
        async with self.connect() as connection:
            await connection.send(self.request(method, path, list(headers), body))
            return await connection.reply(method)

    async def session(self, *headers: tuple[str, str], path: str = PATH) -> str:
        """Begins a session; returns the id that the client is told."""
        reply = await self.call(*headers, path=path)
        assert reply.status == 200, reply.body
        id = reply.header(SESSION)
        assert id is not None
        return id


async def eventually(condition: Callable[[], bool]) -> None:
    """Returns once the condition holds; fails where it does not within a few seconds."""
    async with asyncio.timeout(5):
        while not condition():
            await asyncio.sleep(0)


class Open(Protocol):
    """Opens a gate."""

    async def __call__(
        self,
        settings: Settings = ...,
        identify: Identify | None = None,
        control_plane: ControlPlane | None = None,
        secret: str = ...,
        protected: ProtectedResource | None = None,
        traced: bool = False,
    ) -> Gate: ...


class StartPod(Protocol):
    """Starts a pod."""

    async def __call__(self, script: Script = ..., uid: str = ...) -> Pod: ...


@asynccontextmanager
async def gate(
    settings: Settings,
    identify: Identify | None = None,
    control_plane: ControlPlane | None = None,
    secret: str = SECRET,
    protected: ProtectedResource | None = None,
    traced: bool = False,
) -> AsyncGenerator[Gate]:
    """A running Gate; `traced`: it tells of traces."""
    running = Gate(settings, identify or DevIdentity(), control_plane, secret, protected, traced)
    running.port = await running.proxy.start("127.0.0.1", 0)
    try:
        yield running
    finally:
        async with asyncio.timeout(10):
            await running.proxy.stop()
