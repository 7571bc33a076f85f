"""Connections: aiohttp's low-level server with our turns and our answers, and a fast lane for small whole requests.

RequestHandler asks a request for `_task`, `_finish` and `_cancel`, and an answer for `keep_alive`, `prepare` and `write_eof`:
that is all there is of either. Knows no route and no rule.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from aiohttp import HttpVersion, StreamReader, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_exceptions import HttpProcessingError, LineTooLong
from aiohttp.web import RequestPayloadError
from multidict import CIMultiDict, CIMultiDictProxy

from gateway.heads import MAX_HEAD
from gateway.lane import LaneConnection
from tool_router.faults import INTERNAL, INVALID_REQUEST, Fault
from tool_router.head import Head
from tool_router.heads import Heads
from tool_router.replies import Answer, json
from tool_router.turn import Turn

_LINE = 65_536  # bytes of one header, and of the request line: what the proxy lets in
_HEADERS = 512
_BODY = 65_536  # bytes of a body that is awaited in the fast lane

_NO_LINES: CIMultiDict[str] = CIMultiDict()

type Serve = Callable[[Turn], Awaitable[Answer]]

_log = logging.getLogger(__name__)


class Server(web.Server):
    """Calls `serve` with every request; it is cancelled when the client hangs up."""

    def __init__(self, serve: Serve, *, idle_seconds: float, fast: bool) -> None:
        self.serve = serve
        self.heads = Heads()
        self._fast = fast
        super().__init__(
            cast("Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]", serve),
            request_factory=cast("Callable[..., web.BaseRequest]", _turn),
            handler_cancellation=True,
            auto_decompress=False,
            access_log=None,
            keepalive_timeout=idle_seconds,
            max_line_size=_LINE,
            max_field_size=_LINE,
            max_headers=_HEADERS,
        )

    def __call__(self) -> "Connection":
        return Connection(self, fast=self._fast, loop=self._loop, **self._kwargs)


class Connection(LaneConnection[Turn]):
    """One connection of the proxy's."""

    __slots__ = ("_heads", "_serve")

    def __init__(self, manager: Server, **options: Any) -> None:
        super().__init__(manager, **options)
        self._serve = manager.serve
        self._heads = manager.heads

    def take(self, seen: bytes) -> Turn | int | None:
        """See LaneConnection. Plain: HTTP/1.1, a small body of known length or none."""
        end = seen.find(b"\r\n\r\n") + 4
        if end < 4:
            # No method begins with another character, TLS does.
            return None if len(seen) > MAX_HEAD or not seen[:1].isalpha() else 0
        head, values = self._heads.read(seen[:end])
        if head is None:
            return None
        varying = dict(zip(head.varying, values, strict=True))
        missing = int(varying.get(b"content-length", b"0")) - (len(seen) - end)
        if missing == 0:
            return Turn(self, head, seen[end:], varying)
        return missing if 0 < missing <= _BODY else None

    async def answer(self, request: Turn) -> bool:
        """See LaneConnection."""
        try:
            await _written(await self._serve(request), request)
        except ConnectionError:
            return False  # the client is gone
        except Exception as error:  # noqa: BLE001 - the edge: whatever broke is logged, and answered or cut
            return await self._broken(request, error)
        return request.keep_alive

    async def _broken(self, turn: Turn, error: Exception) -> bool:
        try:
            await _written(cast("Answer", self.handle_error(cast("web.BaseRequest", turn), 500, error)), turn)
        except ConnectionError:
            if self.transport is not None:
                self.transport.abort()
        return False

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol. A body that cannot be parsed any further is told to whoever waits for it."""
        super().data_received(data)
        if self._messages and self._current_request is not None:
            last, _ = self._messages[-1]
            if getattr(last, "exc", None) is not None:  # the parser gave up
                cast("Turn", self._current_request).give_up_body(RequestPayloadError("malformed"))

    async def drain(self) -> None:
        """Returns once the client took most of what was written. Raises ConnectionError where it is gone."""
        await self._drain_helper()

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """Answers what the parser refused, and what broke in us."""
        turn = cast("Turn", request)
        turn.keep_alive = False
        if isinstance(exc, ConnectionError):
            raise exc  # the client is gone: there is nobody to be answered
        if not isinstance(exc, HttpProcessingError):
            _log.error("failed: %s", turn, exc_info=exc)
        if turn.began:
            raise ConnectionError("an answer is on its way: it can only be cut")
        if not isinstance(exc, HttpProcessingError):
            fault = Fault(INTERNAL, "Something went wrong in the tool router.", status=500)
        elif isinstance(exc, LineTooLong) or "Too many headers" in exc.message:
            fault = Fault(INVALID_REQUEST, "The headers are too large.", status=431)
        else:
            fault = Fault(INVALID_REQUEST, "The request cannot be parsed.", status=400)
        return cast("web.StreamResponse", json(fault.body(None), fault.status))


class _Message(Protocol):
    """What aiohttp's parser says of a request."""

    method: str
    path: str
    version: HttpVersion
    headers: CIMultiDictProxy[str]
    should_close: bool


def _turn(
    message: _Message, payload: StreamReader, connection: Any, writer: AbstractStreamWriter, task: "asyncio.Task[None]"
) -> Turn:
    headers = message.headers or _NO_LINES  # a plain dict, where nothing could be parsed
    head = Head(message.method, message.path, headers, keep_alive=not message.should_close)
    return Turn(connection, head, payload)


async def _written(answer: Answer, turn: Turn) -> None:
    await answer.prepare(turn)
    await answer.write_eof()
