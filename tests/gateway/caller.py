"""Calls: ToolCalls over a catalog that a test writes, with small real servers behind. Knows no MCP."""

# What is left behind is looked for inside:
# pyright: reportPrivateUsage=false

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any

import msgspec
from msgspec import Raw

from gateway.audit import Audit
from gateway.card import Card
from gateway.catalog import Instance
from gateway.identity import Principal, principal
from gateway.tool_call import ToolCalls
from gateway.tool_reply import Outcome
from gateway.upstream import Pool
from gateway.view import View
from tests.proxy.pod import Pod

ALICE = principal("alice", "alice", ["team"])


class Calls:
    """`trail`: audit lines. `write` may be replaced by a test that wants a full disk."""

    def __init__(self, hold_seconds: float, reply_limit: int) -> None:
        self.view = View(synced=True)
        self.pool = Pool()
        self.trail: list[bytes] = []
        self.write: Callable[[bytes], object] = self.trail.append
        self.audit = Audit(lambda line: self.write(line))
        self.calls = ToolCalls(self.view, self.pool, self.audit, hold_seconds=hold_seconds, reply_limit=reply_limit)

    def tool(
        self, name: str = "a", *pods: Pod | Instance, definition: dict[str, Any] | None = None, **card: Any
    ) -> Card:
        """Lists a tool, with its instances if there are any."""
        tool = {"name": name, "inputSchema": {"type": "object"}, **(definition or {})}
        wanted: dict[str, Any] = {
            "kind": "tool",
            "name": name,
            "uid": f"uid-of-{name}",
            "generation": 1,
            "createdBy": "owner",
            "requiredRoles": ["team"],
            "path": "/score",
            "port": 8123,
            **card,
        }
        made = msgspec.convert(wanted, Card)
        made.tool = Raw(msgspec.json.encode(tool))
        self.view.put_card(made)
        if pods:
            self.ready(name, *pods)
        return made

    def ready(self, name: str, *pods: Pod | Instance) -> None:
        """Replaces the instances of a tool."""
        self.view.put_instances("tool", name, [it.instance() if isinstance(it, Pod) else it for it in pods])

    async def __call__(
        self, name: str = "a", arguments: bytes = b"{}", caller: Principal = ALICE, **trace: str
    ) -> Outcome:
        """Finds and calls."""
        listing = await self.calls.find(caller, name, trace.get("request_id", ""))
        return await self.calls.call(caller, listing, arguments, **trace)

    @property
    def loads(self) -> dict[str, int]:
        """The calls under way, by instance."""
        return self.calls._in_flight

    @property
    def waiting(self) -> int:
        """Those who wait for a tool that is not there for them."""
        return self.calls._waiting

    @property
    def held(self) -> int:
        """Those who wait for the catalog to change, for whatever reason."""
        return len(self.view._listeners)

    @property
    def lines(self) -> list[dict[str, Any]]:
        """The audit trail."""
        return [msgspec.json.decode(line, type=dict[str, Any]) for line in self.trail]

    @property
    def results(self) -> list[str]:
        """The result of each call in the trail."""
        return [line["result"] for line in self.lines]


@asynccontextmanager
async def calling(hold_seconds: float = 0.3, reply_limit: int = 100_000) -> AsyncGenerator[Calls]:
    """Calls whose connections are closed in the end."""
    made = Calls(hold_seconds, reply_limit)
    try:
        yield made
    finally:
        made.pool.close()
