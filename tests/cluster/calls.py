"""Calls that a load repeats: each says what was wrong with the answer, in one line, or nothing."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from tests.cluster.load import Call
from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import LEGACY, SESSION, Client
from tests.journeys.reply import Reply

INITIALIZE = {"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "load", "version": "1"}}


@asynccontextmanager
async def people(url: str, count: int) -> AsyncGenerator[list[Caller]]:
    """Several callers with the role TEAM, each with connections of their own."""
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(Caller(url, fresh("person"), TEAM)) for _ in range(count)]


def modern(callers: Sequence[Caller], adapter: str) -> list[Call]:
    """Everybody calls the adapter's `echo`, without a session."""
    return [_calling(Client(caller, adapter, modern=True), "echo") for caller in callers]


def tools(callers: Sequence[Caller], tool: str) -> list[Call]:
    """Everybody calls the tool through `/mcp`, without a session."""
    return [_calling(Client(caller, modern=True), tool) for caller in callers]


def sessions(clients: Sequence[Client], tool: str) -> list[Call]:
    """Every session calls again."""
    return [_calling(client, tool) for client in clients]


def beginning(callers: Sequence[Caller], adapter: str = "", tool: str = "echo") -> list[Call]:
    """Everybody begins a session and uses it at once, whichever replica that meets."""
    return [_beginning(caller, adapter, tool) for caller in callers]


def wrong(reply: Reply) -> str:
    """What is wrong with the answer to a call."""
    if reply.status != 200:
        return f"{reply.status} {reply.body[:200]!r}"
    answer = reply.json
    if "error" in answer or answer["result"].get("isError"):
        return str(answer)[:300]
    return ""


def _calling(client: Client, tool: str) -> Call:
    async def call() -> str:
        return wrong(await client.calling(tool, text="x"))

    return call


def _beginning(caller: Caller, adapter: str, tool: str) -> Call:
    async def call() -> str:
        client = Client(caller, adapter)
        begun = await client.ask("initialize", **INITIALIZE)
        if begun.status != 200:
            return f"initialize: {begun.status} {begun.body[:200]!r}"
        client.session = begun.headers[SESSION]
        for _ in range(3):
            if found := wrong(await client.calling(tool)):
                return found
        return ""

    return call
