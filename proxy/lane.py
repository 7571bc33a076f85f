"""FastConnection: a client's connection in the fast lane (`gateway.lane`): which requests are plain, and how they are answered.

Plain: HTTP/1.1 with a Host, a small body of known length or none, one at a time. Not plain: chunks, `Expect`, large bodies,
pipelining, HTTP/1.0, upgrades, whatever cannot be parsed.
"""

from collections.abc import Awaitable, Callable, Coroutine
from typing import Any, cast

from aiohttp import web

from gateway.heads import MAX_HEAD
from gateway.lane import Serving
from proxy.client import ClientConnection, Server
from proxy.express import Line
from proxy.heads import Heads
from proxy.pace import Pace
from proxy.request import CLOSE, Handler, Request, Sent

_BODY = 65_536  # bytes of a body that is awaited here


type Direct = Callable[[Request, Line], Serving | None]


class FastServer(Server):
    """A Server whose connections begin in the fast lane."""

    def __init__(self, serve: Handler, direct: Direct, *, idle_seconds: float) -> None:
        super().__init__(serve, idle_seconds=idle_seconds)
        self.direct = direct
        self.heads = Heads()

    def __call__(self) -> "FastConnection":
        return FastConnection(self, loop=self._loop, **self._kwargs)


class FastConnection(ClientConnection):
    """One client's connection."""

    __slots__ = ("_direct", "_handler", "_heads", "_missing")

    def __init__(self, manager: FastServer, **options: Any) -> None:
        super().__init__(manager, fast=True, **options)
        self._handler = manager.serve
        self._direct = manager.direct
        self._heads = manager.heads
        self._missing = 0  # bytes of a body

    def take(self, seen: bytes) -> Request | int | None:
        """See LaneConnection."""
        end = seen.find(b"\r\n\r\n") + 4
        if end < 4:
            # No method begins with another character, TLS does.
            return None if len(seen) > MAX_HEAD or not seen[:1].isalpha() else 0
        head, varying = self._heads.read(seen[:end])
        if head is None:
            return None
        request = Request(self, head, varying, seen[end:])
        missing = (request.length or 0) - len(request.data)
        if missing == 0:
            return request
        return missing if 0 < missing <= _BODY else None

    def begin(self, request: Request) -> Serving | None:
        """See LaneConnection."""
        return self._direct(request, self)

    def answer(self, request: Request) -> Coroutine[Any, Any, bool]:
        """See LaneConnection."""
        return self._answer(request, self._handler(request))

    def resume(self, request: Request, serving: Awaitable[Sent]) -> None:
        """See Line."""
        self.run(self._answer(request, serving))

    async def _answer(self, request: Request, serving: Awaitable[Sent]) -> bool:
        try:
            sent = await serving
        except Exception as error:  # noqa: BLE001 (the edge: whatever broke is logged, and answered or cut)
            sent = self._broken(request, error)
        return sent.keep_alive

    def expect(self, missing: int) -> None:
        """See LaneConnection."""
        if missing:
            self._expect_body(missing)
        elif self._seen:  # of a head
            self._head_since = self._head_since or self.now()
        else:
            self.pace = None
            if self._fast:  # or else the head is still arriving, only elsewhere
                self._head_since = 0.0

    def _expect_body(self, missing: int) -> None:
        now, pace = self.now(), self.pace
        if pace is None or not pace.is_due:
            self._head_since = 0.0
            pace = self.pace = Pace()
        else:
            pace.got(now, self._missing - missing)
        self._missing = missing
        pace.wait(now)

    def _broken(self, request: Request, error: Exception) -> Sent:
        try:
            self.handle_error(cast("web.BaseRequest", request), 500, error)
        except ConnectionError:
            return request.cut()
        return CLOSE
