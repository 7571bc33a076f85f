"""Client connections: aiohttp's low-level server with our requests, our words for what it cannot parse, and back-pressure.

Knows no route and no rule.
"""

import asyncio
import fcntl
import logging
import socket
import struct
import termios
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from aiohttp import HttpVersion, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong

from gateway.errors import GatewayError, HeadersTooLarge, Invalid, UpstreamTimeout
from gateway.heads import MAX_HEAD, MAX_HEADERS
from gateway.lane import LaneConnection
from proxy.answers import refusal
from proxy.fields import Fields
from proxy.head import RequestHead
from proxy.pace import Pace
from proxy.request import Flow, Handler, Request

_QUIET = 0.1  # seconds; whoever connected less long ago is about to send something
_GONE = (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT: the peer has closed

log = logging.getLogger(__name__)


class Server(web.Server):
    """Makes a ClientConnection of every connection and calls `serve` with every request."""

    def __init__(self, serve: Handler, *, idle_seconds: float) -> None:
        self.serve = serve
        super().__init__(
            cast("Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]", serve),
            request_factory=cast("Callable[..., web.BaseRequest]", _request),
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=idle_seconds,
            max_headers=MAX_HEADERS,
            max_field_size=MAX_HEAD,
            max_line_size=MAX_HEAD,
        )

    def __call__(self) -> "ClientConnection":
        return ClientConnection(self, loop=self._loop, **self._kwargs)

    def dismiss(self) -> int:
        """Closes each idle connection; how many are left."""
        open = cast("list[ClientConnection]", self.connections)
        return sum(not connection.dismiss() for connection in open)


class ClientConnection(LaneConnection[Request]):
    """One client's connection."""

    __slots__ = ("_closing_since", "_head_since", "_wire", "flow", "pace", "stalled_since")

    def __init__(self, manager: Server, *, fast: bool = False, **options: Any) -> None:
        super().__init__(manager, fast=fast, **options)
        self.flow: Flow | None = None
        self.pace: Pace | None = None  # of the body that is being read
        self.stalled_since = 0.0  # since when the client takes nothing; 0: it does
        self._head_since = 0.0  # since when a head is arriving; 0: none is
        self._wire: asyncio.Transport | None = None  # `transport` is let go before the last bytes are
        self._closing_since = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._wire = cast("asyncio.Transport", transport)
        super().connection_made(transport)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol."""
        self._wire = None
        super().connection_lost(exc)

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        super().pause_writing()
        self.stalled_since = self._loop.time()
        if self.flow is not None:
            self.flow.hold()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        super().resume_writing()
        self.stalled_since = 0.0
        if self.flow is not None:
            self.flow.release()

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. A body that cannot be parsed any further is told to whoever waits for it."""
        super().data_received(data)
        if self._fast:
            return
        if self._messages or self._current_request is not None:
            self._head_since = 0.0
        elif not self._head_since:
            self._head_since = self._loop.time()
        if self._messages and self._current_request is not None:
            last, _ = self._messages[-1]
            if getattr(last, "exc", None) is not None:  # the parser gave up
                cast("Request", self._current_request).give_up_body(Invalid("The body's chunks are malformed."))

    def now(self) -> float:
        """The event loop's time, in seconds."""
        return self._loop.time()

    async def drain(self) -> None:
        """Returns once the client took most of what was written. Raises ConnectionError where it is gone."""
        await self._drain_helper()

    def sweep(self, now: float, stall_seconds: float) -> None:
        """Ends the connection of a client that is stuck, or left while we did not read."""
        wire = self._wire
        if wire is None:
            return
        if wire.is_closing():
            self._closing_since = self._closing_since or now
        overdue = now - stall_seconds
        if (
            0 < self.stalled_since < overdue
            or 0 < self._closing_since < overdue  # what was written last is not taken
            or 0 < self._head_since < now - self._keepalive_timeout
            or (self.pace is not None and self.pace.is_slow(now, stall_seconds))
            or (self._holds_reading and _has_left(wire))
        ):
            wire.abort()

    def dismiss(self) -> bool:
        """Closes it if it is idle; whether it is closed. A request that has come but was not read yet is answered first:
        its client could not tell whether it was. One that comes a moment later meets the end, as with any server.
        """
        wire = self._wire
        if wire is None:
            return True
        if self.is_idle(_QUIET) and not _readable(wire):
            self.force_close()
        return wire.is_closing()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what the parser refused, and what broke in us."""
        ours = cast("Request", request)
        if not isinstance(exc, HttpProcessingError):
            log.error("failed: %s", ours, exc_info=exc)
        if ours.began:
            raise ConnectionError("an answer is on its way: it can only be cut")
        ours.keep_alive = False
        return cast("web.StreamResponse", refusal(ours, _error(status, exc), rpc=False))

    def _process_keepalive(self) -> None:
        """Called by aiohttp's idle timer: a connection on which a request is arriving is not idle, and `sweep` sees to it."""
        if self._head_since or (self.pace is not None and self.pace.is_due):
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()

    @property
    def _holds_reading(self) -> bool:
        return self._reading_paused or self._buffer_paused


class _Message(Protocol):
    """What aiohttp's parser says of a request. The target is decoded as UTF-8 with surrogate escapes."""

    method: str
    path: str
    version: HttpVersion
    raw_headers: tuple[tuple[bytes, bytes], ...]
    should_close: bool
    chunked: bool


def _request(
    message: _Message,
    payload: StreamReader,
    client: ClientConnection,
    writer: AbstractStreamWriter,
    task: "asyncio.Task[None]",
) -> Request:
    """The request that aiohttp's parser read."""
    names, values = zip(*message.raw_headers, strict=True) if message.raw_headers else ((), ())
    head = RequestHead(
        message.method,
        message.path,
        Fields(names, values),
        version=(message.version.major, message.version.minor),
        keep_alive=not message.should_close,
        chunked=message.chunked,
    )
    return Request(client, head, payload=payload)


def _error(status: int, exc: BaseException | None) -> GatewayError:
    if isinstance(exc, LineTooLong):
        return HeadersTooLarge(f"A header line, and the request line, may have {MAX_HEAD:,} bytes.")
    if isinstance(exc, HttpProcessingError):
        if "Too many headers" in exc.message:
            return HeadersTooLarge(f"A request may have {MAX_HEADERS} header lines.")
        return Invalid(f"The request cannot be parsed: {exc.message.partition(chr(10))[0].rstrip(':')}.")
    if status == UpstreamTimeout.status:
        return UpstreamTimeout("The answer took too long.")
    return GatewayError("Something went wrong here.")


def _readable(transport: asyncio.Transport) -> bool:
    """Whether bytes have come that the event loop did not read yet."""
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is None:
        return False
    (waiting,) = struct.unpack("i", fcntl.ioctl(end.fileno(), termios.FIONREAD, b"\0" * 4))
    return waiting > 0


def _has_left(transport: asyncio.Transport) -> bool:
    """Whether the peer closed: while nothing is read, the event loop does not tell (Linux)."""
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is None or not hasattr(socket, "TCP_INFO"):
        return False
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _GONE
