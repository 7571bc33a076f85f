"""Changes: how long after a card's change the notice of it is there, on each of many open streams (`subscriptions/listen`)."""

import asyncio
import statistics
import time
from typing import cast

import msgspec
import uvloop

from bench.asks import Ask, modern
from bench.child import HOST, Failed
from bench.trail import Gateway

_OPEN = 20.0  # seconds for all streams to be acknowledged
_TOLD = 5.0  # seconds for all to hear of one change
_APART = 0.3  # seconds between changes: sooner ones are held back to be told together
_NOTICE = b"notifications/tools/list_changed"
_ACKNOWLEDGED = b"notifications/subscriptions/acknowledged"


class Delays(msgspec.Struct, frozen=True):
    """In ms, over all streams and changes."""

    median: float
    worst: float


def delays(gateway: Gateway, streams: int, changes: int) -> Delays:
    """Opens the streams, each another caller's, and changes a card so many times. Raises Failed."""
    try:
        return uvloop.run(_measured(gateway, streams, changes))
    except (OSError, TimeoutError) as error:
        raise Failed(f"{gateway.child.name}: not every stream was told in time: {error!r}") from error


async def _measured(gateway: Gateway, count: int, changes: int) -> Delays:
    loop = asyncio.get_running_loop()
    streams: list[_Stream] = []
    try:
        async with asyncio.timeout(_OPEN):
            for caller in range(count):
                _, stream = await loop.create_connection(_Stream, HOST, gateway.child.port)
                streams.append(stream)
                await stream.opened(modern("subscriptions/listen", caller, notifications={"toolsListChanged": True}))
        waits: list[float] = []
        for _ in range(changes):
            waits += await _told(gateway, streams)
            await asyncio.sleep(_APART)
    finally:
        for stream in streams:
            stream.close()
    return Delays(statistics.median(waits) * 1000, max(waits) * 1000)


async def _told(gateway: Gateway, streams: "list[_Stream]") -> list[float]:
    """Seconds from one change until each stream heard of it."""
    heard = [stream.next(_NOTICE) for stream in streams]
    at = await asyncio.to_thread(gateway.change)
    async with asyncio.timeout(_TOLD):
        return [time - at for time in await asyncio.gather(*heard)]


class _Stream(asyncio.Protocol):
    """One open stream: when the message that is waited for came."""

    def __init__(self) -> None:
        self._transport: asyncio.Transport
        self._awaited = b""
        self._came: asyncio.Future[float] | None = None
        self._received = b""

    async def opened(self, ask: Ask) -> None:
        """Asks, and returns once the stream is acknowledged."""
        came = self.next(_ACKNOWLEDGED)
        self._transport.write(ask.numbered(1_000_000_000).raw(0).encode())
        await came

    def next(self, awaited: bytes) -> "asyncio.Future[float]":
        """When (time.monotonic()) a message with these bytes came."""
        self._awaited, self._received = awaited, b""
        came = self._came = asyncio.get_running_loop().create_future()
        return came

    def close(self) -> None:
        self._transport.abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is one without saying so

    def data_received(self, data: bytes) -> None:
        """Looks for the message, which may come in pieces."""
        now = time.monotonic()
        self._received += data
        if self._came is not None and not self._came.done() and self._awaited in self._received:
            self._came.set_result(now)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._came is not None and not self._came.done():
            self._came.set_exception(ConnectionError("the stream ended"))
