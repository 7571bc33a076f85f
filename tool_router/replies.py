"""Replies: how an answer leaves: as JSON, or, when it takes longer than a client's silence should, as a stream kept alive.

Comments keep a stream alive (HTML, Server-sent events §9.2.7), never invented progress. What an answer says is `results`.
"""

import asyncio
import re
from collections.abc import Mapping

from aiohttp import web

EVENTS: Mapping[str, str] = {
    "Content-Type": "text/event-stream",
    "Cache-Control": "no-cache, no-transform",
    "X-Accel-Buffering": "no",
}
COMMENT = b": \n\n"
_JSON: Mapping[str, str] = {"Content-Type": "application/json"}
_LINE_END = re.compile(rb"\r\n|\r|\n")


def json(body: bytes, status: int = 200, headers: Mapping[str, str] = _JSON) -> web.Response:
    """A JSON answer."""
    return web.Response(body=body, status=status, headers=headers)


def empty(status: int, headers: Mapping[str, str] | None = None) -> web.Response:
    """An answer that says nothing."""
    return web.Response(status=status, headers=headers)


def event(message: bytes) -> bytes:
    """A message as an event. White space between its tokens may hold line ends; no data line can."""
    if b"\n" in message or b"\r" in message:
        message = _LINE_END.sub(b"\ndata: ", message)
    return b"event: message\ndata: %b\n\n" % message


class Patience:
    """`with Patience(request, seconds) as patience: … return await patience.answer(body)`."""

    __slots__ = ("_keeping", "_request", "_seconds", "_stream", "_timer")

    def __init__(self, request: web.BaseRequest, seconds: float) -> None:
        """After `seconds` without an answer the reply becomes a stream, with a comment every so many."""
        self._request = request
        self._seconds = seconds
        self._stream: web.StreamResponse | None = None
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

    async def answer(self, body: bytes, status: int = 200) -> web.StreamResponse:
        """The answer: JSON with that status, or the last event of a stream whose status is out already."""
        if self._timer is not None:
            self._timer.cancel()
        if self._keeping is None:
            return json(body, status)
        self._keeping.cancel()
        await asyncio.wait([self._keeping])
        if self._stream is None or not self._stream.prepared:
            return json(body, status)
        await self._stream.write(event(body))
        return self._stream

    def _begin(self) -> None:
        self._keeping = asyncio.get_running_loop().create_task(self._keep())

    async def _keep(self) -> None:
        stream = self._stream = web.StreamResponse(headers=EVENTS)
        try:
            await stream.prepare(self._request)
            while True:
                await stream.write(COMMENT)
                await asyncio.sleep(self._seconds)  # it ends when the answer is there
        except ConnectionError:
            pass  # the client is gone; what that means is up to whoever answers
