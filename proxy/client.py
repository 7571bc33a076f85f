"""Client connections: aiohttp's low-level server with our requests, our words for what it cannot parse, and back-pressure.

Knows no route and no rule.
"""

import asyncio
import logging
import socket
from collections.abc import Awaitable, Callable
from typing import Any, cast

from aiohttp import web
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web_protocol import RequestHandler

from gateway.errors import GatewayError, HeadersTooLarge, Invalid, UpstreamTimeout
from proxy.answers import refusal
from proxy.request import Flow, Request, Sent

MAX_HEADERS = 128
MAX_LINE = 16_384  # bytes of one header line, and of the request line

_GONE = (7, 8)  # TCP_CLOSE, TCP_CLOSE_WAIT: the peer has closed

log = logging.getLogger(__name__)


class Server(web.Server):
    """Makes a ClientConnection of every connection and calls `serve` with every request."""

    def __init__(self, serve: Callable[[Request], Awaitable[Sent]], *, idle_seconds: float) -> None:
        super().__init__(
            cast("Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]", serve),
            request_factory=cast("Callable[..., web.BaseRequest]", Request),
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=idle_seconds,
            max_headers=MAX_HEADERS,
            max_field_size=MAX_LINE,
            max_line_size=MAX_LINE,
        )

    def __call__(self) -> "ClientConnection":
        return ClientConnection(self, loop=self._loop, **self._kwargs)


class ClientConnection(RequestHandler):
    """One client's connection."""

    __slots__ = ("body_due_since", "flow", "stalled_since")

    def __init__(self, manager: Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self.flow: Flow | None = None
        self.stalled_since = 0.0  # since when the client takes nothing; 0: it does
        self.body_due_since = 0.0  # since when a piece of the body is due; 0: none is

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
        if self._messages and self._current_request is not None:
            last, _ = self._messages[-1]
            if getattr(last, "exc", None) is not None:  # the parser gave up
                cast("Request", self._current_request).give_up_body(Invalid("The body's chunks are malformed."))

    def await_body(self) -> None:
        """A piece of the body is due from now on; whoever got it resets `body_due_since`."""
        self.body_due_since = self._loop.time()

    async def drain(self) -> None:
        """Returns once the client took most of what was written. Raises ConnectionError where it is gone."""
        await self._drain_helper()

    def sweep(self, now: float, stall_seconds: float) -> None:
        """Ends the connection of a client that is stuck, or left while we did not read."""
        overdue = now - stall_seconds
        stuck = 0 < self.stalled_since < overdue or 0 < self.body_due_since < overdue
        if self.transport is not None and (stuck or (self._holds_reading and _has_left(self.transport))):
            self.transport.abort()

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
            log.error("failed: %s %s", ours.method, ours.path[:256], exc_info=exc)
        if ours.began:
            raise ConnectionError("an answer is on its way: it can only be cut")
        ours.keep_alive = False
        return cast("web.StreamResponse", refusal(ours, _error(status, exc), rpc=False))

    @property
    def _holds_reading(self) -> bool:
        return self._reading_paused or self._buffer_paused


def _error(status: int, exc: BaseException | None) -> GatewayError:
    if isinstance(exc, LineTooLong):
        return HeadersTooLarge(f"A header line, and the request line, may have {MAX_LINE:,} bytes.")
    if isinstance(exc, HttpProcessingError):
        if "Too many headers" in exc.message:
            return HeadersTooLarge(f"A request may have {MAX_HEADERS} header lines.")
        return Invalid(f"The request cannot be parsed: {exc.message.partition(chr(10))[0].rstrip(':')}.")
    if status == UpstreamTimeout.status:
        return UpstreamTimeout("The answer took too long.")
    return GatewayError("Something went wrong here.")


def _has_left(transport: asyncio.Transport) -> bool:
    """Whether the peer closed: while nothing is read, the event loop does not tell (Linux)."""
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is None or not hasattr(socket, "TCP_INFO"):
        return False
    return end.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] in _GONE
