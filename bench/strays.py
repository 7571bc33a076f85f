"""Strays: calls that do not end as calls should: of tools that do not exist, and cancelled on the way. A few dozen at a time."""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Sequence

import msgspec
import uvloop

from bench.asks import Ask, call, legacy
from bench.child import HOST, Child, Failed
from bench.tools import SLOW

_AT_ONCE = 48
_SECONDS = 120.0
_PING = "GET /ping HTTP/1.1\r\nHost: localhost\r\n\r\n"
_UNKNOWN = "no-such-tool"


class Sessions(msgspec.Struct, frozen=True):
    """Of which caller each is: the one at its index."""

    ids: Sequence[str]


def send(child: Child, sessions: Sessions, each: int) -> None:
    """So many of each kind, in both eras: 4 × `each` calls. Raises Failed where one is not answered as it must be."""
    try:
        uvloop.run(_sent(child, sessions, each))
    except (OSError, EOFError, TimeoutError) as error:
        raise Failed(f"{child.name}: a call that goes astray: {error!r}") from error


async def _sent(child: Child, sessions: Sessions, each: int) -> None:
    gate = asyncio.Semaphore(_AT_ONCE)
    kinds: tuple[Callable[[Child, int, str], Awaitable[None]], ...]
    kinds = (_unknown_modern, _unknown_legacy, _cancelled_modern, _cancelled_legacy)

    async def one(number: int) -> None:
        async with gate:
            caller = number % len(sessions.ids)
            await kinds[number % len(kinds)](child, caller, sessions.ids[caller])

    async with asyncio.timeout(_SECONDS):
        await asyncio.gather(*(one(number) for number in range(each * len(kinds))))


async def _unknown_modern(child: Child, caller: int, session: str) -> None:
    async with _connection(child) as wire:
        _expect(*await wire.ask(call(_UNKNOWN, caller)), 400, b"-32602")


async def _unknown_legacy(child: Child, caller: int, session: str) -> None:
    async with _connection(child) as wire:
        _expect(*await wire.ask(call(_UNKNOWN, caller, session=session)), 200, b"-32602")


async def _cancelled_modern(child: Child, caller: int, session: str) -> None:
    """Hanging up is how it is done."""
    async with _connection(child) as wire, _connection(child) as other:
        wire.send(call(SLOW, caller))
        await other.pinged()


async def _cancelled_legacy(child: Child, caller: int, session: str) -> None:
    async with _connection(child) as wire, _connection(child) as other:
        number = 1_000_000_000 + id(wire) % 1_000_000_000
        wire.send(call(SLOW, caller, session=session), number)
        await other.pinged()
        cancel = legacy("notifications/cancelled", session, caller, requestId=number)
        body = msgspec.json.encode(
            {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}}
        )
        _expect(*await other.ask(Ask(cancel.headers, body.decode())), 202, b"")
        _expect(*await wire.reply(), 200, b"-32800")


class _Wire:
    """One connection of a client."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._reader = reader
        self.writer = writer

    def send(self, ask: Ask, number: int = 1_000_000_000) -> None:
        """Sends, and waits for nothing."""
        self.writer.write(ask.numbered(number).raw(0).encode())

    async def ask(self, ask: Ask) -> tuple[int, bytes]:
        """Status and body of the answer."""
        self.send(ask)
        return await self.reply()

    async def reply(self) -> tuple[int, bytes]:
        """The next answer."""
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        _, found, rest = head.partition(b"content-length: ")
        body = await self._reader.readexactly(int(rest.partition(b"\r\n")[0])) if found else b""
        return int(head.split()[1]), body

    async def pinged(self) -> None:
        """Returns when the server has taken up whatever was sent to it before: twice, for the first one may stand beside it in line."""
        for _ in range(2):
            self.writer.write(_PING.encode())
            _expect(*await self.reply(), 200, b"")


@contextlib.asynccontextmanager
async def _connection(child: Child):
    reader, writer = await asyncio.open_connection(HOST, child.port)
    try:
        yield _Wire(reader, writer)
    finally:
        writer.transport.abort()


def _expect(status: int, body: bytes, wanted: int, code: bytes) -> None:
    if status != wanted or code not in body:
        raise Failed(f"answered {status} {body[:300]!r}, {wanted} {code!r} expected.")
