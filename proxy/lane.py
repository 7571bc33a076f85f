"""FastConnection: a client's connection that serves whole, plain requests past aiohttp's parser and request loop.

Plain: HTTP/1.1 with a Host, a small body of known length or none, one at a time. Anything else (chunks, `Expect`, large
bodies, pipelining, HTTP/1.0, upgrades, whatever cannot be parsed) goes to aiohttp with every byte since the last answer,
and the connection stays there: two parsers never share a request. Both lanes call the same handler with the same Request,
so behaviour is written once. Why: it takes more than half off what a call costs.
"""

import asyncio
from typing import Any, cast

from aiohttp import web

from proxy.client import ClientConnection, Server
from proxy.heads import MAX_LINE, Heads
from proxy.request import CLOSE, Handler, Request, Sent

_BODY = 65_536  # bytes of a body that is awaited here, and that may wait behind a request


class FastServer(Server):
    """A Server whose connections begin in the fast lane."""

    def __init__(self, serve: Handler, *, idle_seconds: float) -> None:
        super().__init__(serve, idle_seconds=idle_seconds)
        self.heads = Heads()

    def __call__(self) -> "FastConnection":
        return FastConnection(self, loop=self._loop, **self._kwargs)


class FastConnection(ClientConnection):
    """One client's connection."""

    __slots__ = ("_fast", "_handler", "_heads", "_held", "_seen", "_serving")

    def __init__(self, manager: FastServer, **options: Any) -> None:
        super().__init__(manager, **options)
        self._handler = manager.serve
        self._heads = manager.heads
        self._fast = True
        self._seen = b""  # of the request that is arriving
        self._held = b""  # behind the one that is being served
        self._serving: asyncio.Task[None] | None = None

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
        serving = self._serving
        super().connection_lost(exc)
        if serving is not None:
            serving.cancel()

    async def shutdown(self, timeout: float | None = 15.0) -> None:
        """Gives what is being served `timeout` seconds, then cuts it."""
        if (serving := self._serving) is not None:
            await asyncio.wait([serving], timeout=timeout)
            serving.cancel()
        await super().shutdown(timeout)

    def _read(self, seen: bytes) -> None:
        """Serves what arrived if it is a whole plain request; waits if it may become one; leaves the lane if not."""
        if self._force_close or self._close:
            return
        self._seen = seen
        end = seen.find(b"\r\n\r\n") + 4
        if end < 4:
            if len(seen) > MAX_LINE or not seen[:1].isalpha():  # no method begins like that, TLS does
                self._leave()
            return
        head, varying = self._heads.read(seen[:end])
        if head is None:
            self._leave()
            return
        request = Request(self, head, varying, seen[end:])
        missing = (request.length or 0) - len(request.data)
        if missing == 0:
            self._seen = b""
            self.body_due_since = 0.0
            task = asyncio.Task(self._answer(request), loop=self._loop, eager_start=True)
            if not task.done():
                self._serving = task
        elif 0 < missing <= _BODY:
            self.await_body()
        else:
            self._leave()

    async def _answer(self, request: Request) -> None:
        try:
            sent = await self._handler(request)
        except Exception as error:  # noqa: BLE001 (the edge: whatever broke is logged, and answered or cut)
            sent = self._broken(request, error)
        self._serving = None
        self._go_on(sent)

    def _broken(self, request: Request, error: Exception) -> Sent:
        try:
            self.handle_error(cast("web.BaseRequest", request), 500, error)
        except ConnectionError:
            return request.cut()
        return CLOSE

    def _go_on(self, sent: Sent) -> None:
        """The connection is free for the next request, if there may be one."""
        if self.transport is None:
            return
        if not sent.keep_alive or self._close or self._force_close:
            self.transport.close()
            return
        self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        if self._held:
            self._seen, self._held = self._held, b""
            self._leave()

    def _hold(self, data: bytes) -> None:
        self._held += data
        if len(self._held) > _BODY and not self._buffer_paused:
            self._pause_reading_for_buffer()  # from now on the sweep looks whether the client is still there

    def _leave(self) -> None:
        """Leaves the rest of the connection to aiohttp."""
        seen, self._seen = self._seen, b""
        self._fast = False
        self.body_due_since = 0.0
        if self._buffer_paused:
            self._resume_reading_for_buffer()
        super().data_received(seen)

    def _process_keepalive(self) -> None:
        """Called by aiohttp's idle timer, which cannot see what is served here."""
        if self._serving is not None:
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout
        super()._process_keepalive()
