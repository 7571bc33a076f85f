"""Desk: a running Router with a catalog that a test writes and an audit trail that it reads. Who asks it is `person`."""

from collections.abc import AsyncGenerator
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any, Protocol

import msgspec
from msgspec import Raw

from gateway.audit import Audit
from gateway.card import Card
from gateway.catalog import Instance
from gateway.seal import KeyRing
from gateway.telemetry.span import Span, Tracer
from gateway.view import View
from tests.proxy import wire
from tests.proxy.pod import Pod
from tests.proxy.wire import Connection
from tool_router.app import Router
from tool_router.settings import Settings

SECRET = "only-the-gateway-knows-this"
KEY = b"0123456789abcdef"
# Short where a test waits for the end of it, long where a loaded machine must not reach it.
SETTINGS = Settings(
    secrets=(SECRET,), page_size=3, hold_seconds=0.3, silence_seconds=20, notice_seconds=0.1, drain_seconds=5
)


def card(name: str = "a", **members: object) -> Card:
    """A tool's card. `tool`: its definition, as an object or as bytes."""
    tool = members.pop("tool", {})
    if isinstance(tool, dict):
        tool = msgspec.json.encode({"name": name, "inputSchema": {"type": "object"}, **tool})
    wanted: dict[str, object] = {
        "kind": "tool",
        "name": name,
        "uid": f"uid-of-{name}",
        "generation": 1,
        "createdBy": "owner",
        "requiredRoles": ["team"],
        "path": "/score",
        **members,
    }
    made = msgspec.convert(wanted, Card)
    made.tool = Raw(tool) if isinstance(tool, bytes) else Raw(b"{}")
    return made


class Desk:
    """A Router on a free port. `view` is its catalog, `spans` what it told of traces, if it does."""

    def __init__(
        self, settings: Settings, keys: list[bytes], view: View | None = None, *, traced: bool = False
    ) -> None:
        self.spans: list[Span] = []
        self.view = view or View(synced=True)
        self.seals = KeyRing(keys)
        self.trail: list[bytes] = []
        tracer = Tracer("tool_router", self.spans.append) if traced else None
        self.router = Router(self.view, self.seals, settings, Audit(self.trail.append), tracer)
        self.port = 0

    def tool(self, name: str = "a", *pods: Pod | Instance, **members: object) -> None:
        """Lists a tool with its instances."""
        self.view.put_card(card(name, **members))
        if pods:
            self.view.put_instances("tool", name, [it.instance() if isinstance(it, Pod) else it for it in pods])

    def connect(self) -> AbstractAsyncContextManager[Connection]:
        """A client's connection."""
        return wire.connect(self.port)

    @property
    def audited(self) -> list[dict[str, Any]]:
        """The audit trail as it is now."""
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in self.trail]

    @property
    def results(self) -> list[str]:
        """The result of each call in the trail."""
        return [line["result"] for line in self.audited]


@asynccontextmanager
async def desk(
    settings: Settings = SETTINGS, keys: list[bytes] | None = None, view: View | None = None, *, traced: bool = False
) -> AsyncGenerator[Desk]:
    """A running Desk; `traced`: it tells of traces."""
    running = Desk(settings, keys or [KEY], view, traced=traced)
    running.port = await running.router.start("127.0.0.1", 0)
    try:
        yield running
    finally:
        await running.router.stop()


class OpenDesk(Protocol):
    """Opens a desk; settings by name differ from the usual ones."""

    async def __call__(
        self, *, keys: list[bytes] | None = None, view: View | None = None, traced: bool = False, **settings: Any
    ) -> Desk: ...
