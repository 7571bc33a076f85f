"""Turn: one request: its head, its body, and the connection it came on. Answers nothing by itself; how answers leave is `replies`."""

import asyncio
from collections.abc import Mapping
from typing import Protocol

from aiohttp import ClientError, StreamReader
from aiohttp.web import RequestPayloadError

from gateway.identity import Principal, principal
from tool_router.faults import INVALID_REQUEST, Fault
from tool_router.head import Head

_NOBODY = principal("", "", ())
_NONE: Mapping[bytes, bytes] = {}


class Connection(Protocol):
    """Where a request came from, and its answer goes."""

    @property
    def transport(self) -> asyncio.Transport | None: ...
    async def drain(self) -> None: ...


class Turn:
    """`caller`: whom the proxy vouches for, once that is known. `began`: an answer is on its way.

    The body is here (bytes), or still arriving. `varying`: values of headers that are not in the head, because each
    request has others.
    """

    __slots__ = ("_payload", "_task", "_varying", "began", "caller", "connection", "head", "keep_alive")

    def __init__(
        self,
        connection: Connection,
        head: Head,
        payload: StreamReader | bytes,
        varying: Mapping[bytes, bytes] = _NONE,
    ) -> None:
        self.connection = connection
        self.head = head
        self.keep_alive = head.keep_alive
        self.caller: Principal = _NOBODY
        self.began = False
        self._payload = payload
        self._varying = varying
        self._task: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        """For people."""
        return f"{self.head.method} {self.head.path[:128]}"

    @property
    def id(self) -> str:
        """The id that the proxy gave the request, for logs."""
        return self._each(b"x-request-id") or self.head.get("X-Request-Id") or ""

    @property
    def traceparent(self) -> str:
        """The trace that the client says it belongs to; empty: none."""
        return self._each(b"traceparent") or self.head.get("traceparent") or ""

    @property
    def tracestate(self) -> str:
        """What vendors say of that trace; empty: nothing."""
        return self._each(b"tracestate") or self.head.get("tracestate") or ""

    async def body(self, most: int) -> bytes:
        """The whole body. Raises Fault: larger than `most` bytes, or malformed on its way."""
        payload = self._payload
        data = payload if isinstance(payload, bytes) else await self._read(payload, most)
        if len(data) > most:
            raise Fault(INVALID_REQUEST, f"The body may have {most:,} bytes.", status=413)
        return data

    async def _read(self, payload: StreamReader, most: int) -> bytes:
        pieces: list[bytes] = []
        size = 0
        try:
            while size <= most and (piece := await payload.readany()):
                pieces.append(piece)
                size += len(piece)
        except (RequestPayloadError, ClientError):
            raise Fault(INVALID_REQUEST, "The body cannot be read.") from None
        return b"".join(pieces)

    def give_up_body(self, error: BaseException) -> None:
        """No more of the body will come: whoever reads it gets this error."""
        if not isinstance(self._payload, bytes) and not self._payload.is_eof():
            self._payload.set_exception(error)

    def _each(self, name: bytes) -> str:
        value = self._varying.get(name)
        return "" if value is None else value.decode("ascii")

    def _finish(self) -> None:
        """Called by RequestHandler when the answer is written."""

    def _cancel(self, error: BaseException) -> None:
        """Called by RequestHandler when the client is gone."""
        self.give_up_body(error)
