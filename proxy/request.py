"""Request: what the edge knows of one request, and the bytes it sends back. Decides nothing.

Why not aiohttp's own: of all it can do we need little, and making it costs more than relaying an answer does.
RequestHandler asks a request for `_task`, `_finish` and `_cancel`, and a response for `keep_alive`, `prepare` and `write_eof`.
"""

import asyncio
import socket
import struct
from collections.abc import Awaitable, Callable
from typing import Protocol

from aiohttp import StreamReader

from gateway.catalog import Instance
from gateway.logs import new_request_id
from gateway.telemetry.context import sampled
from gateway.telemetry.span import Span
from proxy.head import RequestHead
from proxy.pace import Pace
from proxy.shape import Values

_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"
_CUT_SECONDS = 10.0


class Flow(Protocol):
    """What is being written to a client, and can wait."""

    def hold(self) -> None:
        """The client is slow: no more for now."""
        ...

    def release(self) -> None:
        """The client took what there was."""
        ...


class Client(Protocol):
    """The connection a request came on."""

    flow: Flow | None
    pace: Pace | None

    @property
    def transport(self) -> asyncio.Transport | None: ...
    @property
    def writing_paused(self) -> bool: ...
    def now(self) -> float: ...
    async def drain(self) -> None: ...
    def force_close(self) -> None: ...


class Sent:
    """The answer is written; whether the connection may serve another request."""

    __slots__ = ("keep_alive",)

    def __init__(self, keep_alive: bool) -> None:
        self.keep_alive = keep_alive

    async def prepare(self, request: "Request") -> None:
        """Nothing is left to prepare."""

    async def write_eof(self) -> None:
        """Nothing is left to write."""


KEEP = Sent(True)
CLOSE = Sent(False)


type Handler = Callable[[Request], Awaitable[Sent]]


class Request:
    """One request: its head, and its body, which is `data` or comes from `payload`. `began`: an answer is on its way.

    `varying` are the values of the head's varying headers, `length` is what `Content-Length` says. `status`: of the answer, 0
    as long as there is none. `aim`: where it was about to go, if it was. `span`: where this step of the trace is noted; None
    where nobody asked for that.
    """

    __slots__ = (
        "_id",
        "_task",
        "aim",
        "began",
        "client",
        "data",
        "head",
        "keep_alive",
        "length",
        "payload",
        "span",
        "started",
        "status",
        "varying",
    )

    def __init__(
        self,
        client: Client,
        head: RequestHead,
        varying: Values = (),
        data: bytes = b"",
        payload: StreamReader | None = None,
    ) -> None:
        self.client = client
        self.head = head
        self.varying = varying
        at = head.length_at
        self.length = head.length if at < 0 else int(varying[at])
        self.data = data
        self.payload = payload
        self.keep_alive = head.keep_alive
        self.began = False
        self.status = 0
        self.span: Span | None = None
        self.started = client.now()
        self.aim: Instance | None = None
        self._id = ""
        self._task: asyncio.Task[None] | None = None

    def __str__(self) -> str:
        """For people: the query is left out, it may hold a session."""
        return f"{self.head.method} {self.head.path[:256]}"

    @property
    def id(self) -> str:
        """The client's `X-Request-Id` if it is a plain one; else one of ours, made when first asked for."""
        if not self._id:
            given = self.get("X-Request-Id") or ""
            self._id = given if _is_plain(given) else new_request_id()
        return self._id

    def get(self, key: str) -> str | None:
        """The first value of a header, varying or not."""
        for at in self.head.varying.where(key.lower().encode()):
            return self.varying[at].decode("ascii")
        return self.head.fields.get(key)

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Every header line."""
        return [*self.head.fields.pairs(), *zip(self.head.varying.names, self.varying, strict=True)]

    @property
    def is_sampled(self) -> bool:
        """Whether the caller asked for the trace of this request to be recorded."""
        at = self.head.trace_at
        if at < 0:
            return self.head.sampled
        value = self.varying[at]
        return not value.endswith(b"-00") and sampled(value.decode("ascii"))  # ends so: no flag is set

    @property
    def is_whole(self) -> bool:
        """Whether all of the body is here."""
        return self.payload is None or self.payload.is_eof()

    def here(self) -> bytes:
        """The body as far as it is here."""
        return self.data if self.payload is None else self.payload.read_nowait()

    def give_up_body(self, error: BaseException) -> None:
        """No more of the body will come: whoever reads it gets this error."""
        if self.payload is not None and not self.payload.is_eof():
            self.payload.set_exception(error)

    def invite(self) -> None:
        """Asks for the body where the client waits to be asked (RFC 9110 §10.1.1)."""
        if self.head.http11 and self.head.fields.once.get(b"expect", b"").lower() == b"100-continue":
            self.write(_CONTINUE)

    def write(self, data: bytes) -> None:
        """Writes to the client, if it is still there."""
        transport = self.client.transport
        if transport is not None and not transport.is_closing():
            transport.write(data)

    async def drained(self) -> None:
        """Returns once the client took most of what was written. Raises ConnectionError where it is gone."""
        await self.client.drain()

    def sent(self) -> Sent:
        """The answer is complete."""
        return KEEP if self.keep_alive else CLOSE

    def cut(self) -> Sent:
        """Ends the connection in the middle of an answer, so that nobody takes it for a whole one."""
        transport = self.client.transport
        if transport is not None:
            if self.head.http11:
                self.client.force_close()  # what was written still arrives; the framing shows that more was to come
                asyncio.get_running_loop().call_later(_CUT_SECONDS, transport.abort)
            else:
                _reset(transport)  # without framing nothing else shows it
        return CLOSE

    def _finish(self) -> None:
        """Called by RequestHandler when the answer is written."""

    def _cancel(self, error: BaseException) -> None:
        """Called by RequestHandler when the client is gone."""
        self.give_up_body(error)


def _reset(transport: asyncio.Transport) -> None:
    end: socket.socket | None = transport.get_extra_info("socket")
    if end is not None:
        end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    transport.abort()


def _is_plain(id: str) -> bool:
    return 0 < len(id) <= 128 and id.isascii() and id.replace("-", "").replace("_", "").replace(".", "").isalnum()
