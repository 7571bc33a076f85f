"""Replies: how an answer leaves: as JSON, or, when it takes longer than a client's silence should, as a stream kept alive.

Comments keep a stream alive (HTML, Server-sent events §9.2.7), never invented progress. What an answer says is `results`.
"""

import asyncio
import re
from collections.abc import Mapping
from functools import lru_cache
from http import HTTPStatus

from tool_router.turn import Turn

COMMENT = b": \n\n"
_JSON: Mapping[str, str] = {"Content-Type": "application/json"}
_EVENTS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
    "Transfer-Encoding": "chunked",
}
_NONE: Mapping[str, str] = {}
_LINE_END = re.compile(rb"\r\n|\r|\n")


class Whole:
    """An answer that is known from its first byte to its last."""

    __slots__ = ("_body", "_headers", "_status", "keep_alive")

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        self.keep_alive = True
        self._status = status
        self._headers = headers
        self._body = body

    async def prepare(self, turn: Turn) -> None:
        """Writes all of it."""
        self.keep_alive = turn.keep_alive
        turn.began = True
        length = b"Content-Length: %d\r\n" % len(self._body)
        await _write(turn, b"%b%b\r\n%b" % (_head(turn, self._status, self._headers), length, self._body))

    async def write_eof(self) -> None:
        """Nothing is left to write."""


class Stream:
    """An answer of events, as they come. Its status is out before anybody knows how it ends."""

    __slots__ = ("_ended", "_turn", "keep_alive")

    def __init__(self, turn: Turn) -> None:
        self.keep_alive = turn.keep_alive
        self._turn = turn
        self._ended = False

    async def write(self, data: bytes) -> None:
        """Writes; waits while the client is behind. Raises ConnectionError where it is gone."""
        start = b""
        if not self._turn.began:
            self._turn.began = True
            start = _head(self._turn, 200, _EVENTS) + b"\r\n"
        await _write(self._turn, b"%b%x\r\n%b\r\n" % (start, len(data), data))

    async def prepare(self, turn: Turn) -> None:
        """Its head went out with the first event."""

    async def write_eof(self) -> None:
        """The end, for whoever counts on one."""
        if not self._ended:
            self._ended = True
            await _write(self._turn, b"0\r\n\r\n")


type Answer = Whole | Stream


def json(body: bytes, status: int = 200, headers: Mapping[str, str] = _NONE) -> Whole:
    """A JSON answer."""
    return Whole(status, {**_JSON, **headers} if headers else _JSON, body)


def empty(status: int, headers: Mapping[str, str] = _NONE) -> Whole:
    """An answer that says nothing."""
    return Whole(status, headers, b"")


def event(message: bytes) -> bytes:
    """A message as an event. White space between its tokens may hold line ends; no data line can."""
    if b"\n" in message or b"\r" in message:
        message = _LINE_END.sub(b"\ndata: ", message)
    return b"event: message\ndata: %b\n\n" % message


class Patience:
    """`with Patience(turn, seconds) as patience: … return await patience.answer(body)`."""

    __slots__ = ("_keeping", "_seconds", "_stream", "_timer", "_turn")

    def __init__(self, turn: Turn, seconds: float) -> None:
        """After `seconds` without an answer the reply becomes a stream, with a comment every so many."""
        self._turn = turn
        self._seconds = seconds
        self._stream = Stream(turn)
        self._keeping: asyncio.Task[None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> "Patience":
        self._timer = asyncio.get_running_loop().call_later(self._seconds, self._begin)
        return self

    def __exit__(self, *_: object) -> None:
        self.end()

    def end(self) -> None:
        """No stream is begun any more, and none kept alive."""
        if self._timer is not None:
            self._timer.cancel()
        if self._keeping is not None:
            self._keeping.cancel()

    async def answer(self, body: bytes, status: int = 200) -> Answer:
        """The answer: JSON with that status, or the last event of a stream whose status is out already."""
        self.end()
        if self._keeping is None:
            return json(body, status)
        await asyncio.wait([self._keeping])
        if not self._turn.began:
            return json(body, status)
        await self._stream.write(event(body))
        return self._stream

    def _begin(self) -> None:
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        try:
            while True:
                await self._stream.write(COMMENT)
                await asyncio.sleep(self._seconds)  # it ends when the answer is there
        except ConnectionError:
            pass  # the client is gone; what that means is up to whoever answers


async def _write(turn: Turn, data: bytes) -> None:
    transport = turn.connection.transport
    if transport is None or transport.is_closing():
        raise ConnectionResetError("the client is gone")
    transport.write(data)
    await turn.connection.drain()


def _head(turn: Turn, status: int, headers: Mapping[str, str]) -> bytes:
    """The lines of a head that say nothing about the length."""
    close = b"" if turn.keep_alive else b"Connection: close\r\n"
    if headers is _JSON or headers is _EVENTS or not headers:
        return _usual(status, headers is _EVENTS, headers is _JSON) + close
    return _lines(status, headers) + close


@lru_cache(maxsize=64)
def _usual(status: int, events: bool, json: bool) -> bytes:
    return _lines(status, _EVENTS if events else _JSON if json else _NONE)


def _lines(status: int, headers: Mapping[str, str]) -> bytes:
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"HTTP/1.1 {status} {HTTPStatus(status).phrase}\r\n{lines}".encode()
