"""LaneConnection: a client's connection that can serve whole, plain requests past aiohttp's parser and request loop.

What is plain, a subclass says: one request at a time, all of it here. Anything else goes to aiohttp with every byte since the
last answer, and the connection stays there: two parsers never share a request. Both lanes call the same handler with the same
kind of request, so behaviour is written once; what needs no task, a subclass may `begin` by itself. Why: it takes more than
half off what a small request costs.
"""

import asyncio
from collections.abc import Coroutine
from typing import Any, Protocol

from aiohttp import web
from aiohttp.web_protocol import RequestHandler

HELD = 65_536  # bytes that may wait behind a request


class Serving(Protocol):
    """A request that is being served. A task is one."""

    def cancel(self) -> object:
        """Nobody waits for the answer any more. Does nothing where it is complete."""
        ...


class LaneConnection[R](RequestHandler):
    """One connection. Without `fast` it is aiohttp's own, and none of the four verbs below is called."""

    __slots__ = ("_fast", "_held", "_seen", "_served", "_serving")

    def __init__(self, manager: web.Server, *, fast: bool, **options: Any) -> None:
        super().__init__(manager, **options)
        self._fast = fast
        self._seen = b""  # of the request that is arriving
        self._held = b""  # behind the one that is being served
        self._serving: Serving | None = None
        self._served: asyncio.Future[None] | None = None  # for whoever waits for that

    def take(self, seen: bytes) -> R | int | None:
        """The request in `seen`; how many bytes are missing (0: of its head, nobody knows); None for whatever is not plain."""
        raise NotImplementedError  # called with `fast` only, and whoever is fast says it

    def begin(self, request: R) -> Serving | None:
        """Begins to serve a request that needs no task, and sees to it that `over` or `run` is called, but not yet.

        None: it needs one.
        """
        return None

    def answer(self, request: R) -> Coroutine[Any, Any, bool]:
        """Answers a request; whether the connection may serve another. Never raises anything but CancelledError."""
        raise NotImplementedError  # called with `fast` only, and whoever is fast says it

    def is_idle(self, seconds: float) -> bool:
        """Whether nothing of a request has been read for so long after the last answer, or after it was opened."""
        if self._fast:
            busy = self._serving is not None or bool(self._seen)
        else:
            busy = self._waiter is None or self._waiter.done() or bool(self._messages)
        return not busy and self._next_keepalive_close_time - self._keepalive_timeout < self._loop.time() - seconds

    def expect(self, missing: int) -> None:
        """So much of a body is due, or (0) none is any more."""

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if not self._fast:
            super().data_received(data)
        elif self._serving is not None:
            self._hold(data)
        else:
            self._read(self._seen + data if self._seen else data)

    def connection_lost(self, exc: BaseException | None) -> None:
        """See asyncio.Protocol."""
        super().connection_lost(exc)
        self._cancel()
        self._tell_served()

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Gives what is being served `timeout` seconds, then cuts it."""
        if self._serving is not None:
            served = self._served = self._loop.create_future()
            await asyncio.wait([served], timeout=timeout)
            self._cancel()
        await super().shutdown(timeout)

    def run(self, answering: Coroutine[Any, Any, bool]) -> None:
        """Serves a request by a task: `answering` is as `answer`."""
        task = asyncio.Task(self._answered(answering), loop=self._loop, eager_start=True)
        if not task.done():
            self._serving = task

    def over(self, keep: bool) -> None:
        """The request is answered: the connection is free for the next one, if there may be one."""
        self._serving = None
        self._tell_served()
        if self.transport is None:
            return
        if not keep or self._close or self._force_close:
            self.transport.close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held:
            self._seen, self._held = self._held, b""
            self._leave()

    def _read(self, seen: bytes) -> None:
        """Serves what arrived if it is a whole plain request; waits if it may become one; leaves the lane if not."""
        if self._force_close or self._close:
            return
        self._seen = seen
        taken = self.take(seen)
        if taken is None:
            self._leave()
        elif isinstance(taken, int):
            self.expect(taken)
        else:
            self._seen = b""
            self.expect(0)
            begun = self.begin(taken)
            if begun is None:
                self.run(self.answer(taken))
            else:
                self._serving = begun

    async def _answered(self, answering: Coroutine[Any, Any, bool]) -> None:
        self.over(await answering)

    def _cancel(self) -> None:
        if self._serving is not None:
            self._serving.cancel()

    def _tell_served(self) -> None:
        if self._served is not None and not self._served.done():
            self._served.set_result(None)

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > HELD and not self._buffer_paused:
            self._pause_reading_for_buffer()  # whoever sweeps looks whether the client is still there

    def _leave(self) -> None:
        """Leaves the rest of the connection to aiohttp."""
        seen, self._seen = self._seen, b""
        self._fast = False
        self.expect(0)
        if self._buffer_paused:
            self._resume_reading_for_buffer()
        self.data_received(seen)

    def _process_keepalive(self) -> None:
        """Called by aiohttp's idle timer, which cannot see what is served here."""
        if self._serving is not None:
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()
