"""Request: what the edge knows of one request, and the bytes it sends back. Decides nothing.

Why not aiohttp's own: of all it can do we need little, and making it costs more than relaying an answer does.
RequestHandler asks a request for `_task`, `_finish` and `_cancel`, and a response for `keep_alive`, `prepare` and `write_eof`.
"""

import asyncio
from typing import Protocol

from aiohttp import HttpVersion, HttpVersion10, HttpVersion11, StreamReader
from aiohttp.abc import AbstractStreamWriter
from multidict import CIMultiDictProxy

from gateway.errors import Invalid
from gateway.logs import new_request_id
from proxy.fields import Fields, read

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


class Message(Protocol):
    """What aiohttp's parser says of a request. The target is decoded as UTF-8 with surrogate escapes."""

    method: str
    path: str
    version: HttpVersion
    headers: CIMultiDictProxy[str]
    raw_headers: tuple[tuple[bytes, bytes], ...]
    should_close: bool
    chunked: bool


class Client(Protocol):
    """The connection a request came on."""

    transport: asyncio.Transport | None
    flow: Flow | None
    body_due_since: float

    @property
    def writing_paused(self) -> bool: ...
    def await_body(self) -> None: ...
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


class Request:
    """One request. `path` and `query` are as they came, not decoded; `began` says that an answer is on its way."""

    __slots__ = (
        "_id",
        "_task",
        "began",
        "chunked",
        "client",
        "fields",
        "headers",
        "http11",
        "keep_alive",
        "method",
        "path",
        "payload",
        "query",
        "started",
        "target",
        "version",
    )

    def __init__(
        self,
        message: Message,
        payload: StreamReader,
        client: Client,
        writer: AbstractStreamWriter,
        task: "asyncio.Task[None]",
    ) -> None:
        self._task = task
        self._id = ""
        self.client = client
        self.payload = payload
        self.method = message.method
        self.target = message.path
        self.path, _, self.query = self.target.partition("?")
        self.headers = message.headers
        self.fields: Fields = read(message.raw_headers)
        self.version = message.version
        self.http11 = message.version == HttpVersion11
        self.chunked = message.chunked
        self.keep_alive = not message.should_close
        self.began = False
        self.started = asyncio.get_running_loop().time()

    @property
    def length(self) -> int | None:
        """`Content-Length`. The parser has seen to it that it is a number."""
        value = self.fields.once.get(b"content-length")
        return None if value is None else int(value)

    @property
    def id(self) -> str:
        """The client's `X-Request-Id` if it is a plain one; else one of ours, made when first asked for."""
        if not self._id:
            given = self.headers.get("X-Request-Id", "")
            self._id = given if _is_plain(given) else new_request_id()
        return self._id

    def check_version(self) -> None:
        """Raises Invalid for anything but HTTP/1.1 and HTTP/1.0."""
        if not self.http11 and self.version != HttpVersion10:
            raise Invalid("This is not HTTP/1.1.")

    def give_up_body(self, error: BaseException) -> None:
        """No more of the body will come: whoever reads it gets this error."""
        if not self.payload.is_eof():
            self.payload.set_exception(error)

    def invite(self) -> None:
        """Asks for the body where the client waits to be asked (RFC 9110 §10.1.1)."""
        if (
            self.http11
            and self.fields.once.get(b"expect", b"").lower() == b"100-continue"
            and not self.payload.is_eof()
        ):
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
            if self.http11:
                self.client.force_close()  # what was written still arrives; the framing shows that more was to come
                asyncio.get_running_loop().call_later(_CUT_SECONDS, transport.abort)
            else:
                transport.abort()  # without framing only a reset shows it
        return CLOSE

    def _finish(self) -> None:
        """Called by RequestHandler when the answer is written."""

    def _cancel(self, error: BaseException) -> None:
        """Called by RequestHandler when the client is gone."""
        self.give_up_body(error)


def _is_plain(id: str) -> bool:
    return 0 < len(id) <= 128 and id.isascii() and id.replace("-", "").replace("_", "").replace(".", "").isalnum()
