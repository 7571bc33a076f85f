"""Connection: one HTTP/1.1 connection to an instance, one exchange at a time, the head parsed by llhttp (httptools), strictly.

Keeps no other connection, chooses nothing, retries nothing: that is `gateway.upstream`, through which all others use it.
"""

import asyncio
from collections.abc import AsyncIterator
from functools import lru_cache
from typing import Protocol, cast

import httptools

from gateway.errors import BadUpstream, GatewayError, UpstreamTimeout
from gateway.reply import Broken, Framing, Head, Receiver

_NEVER = float("inf")


class Stale(Exception):
    """A kept connection was closed before any byte of a reply. Met by whoever uses one himself, and else by nobody."""


class Waiter(Protocol):
    """Who waits for the end of an exchange. A future is one."""

    def done(self) -> bool:
        """Whether nobody waits any more."""
        ...

    def set_result(self, result: None, /) -> object:
        """The reply is complete. What happened to the connection has happened: it may be in use again."""
        ...

    def set_exception(self, error: BaseException, /) -> object:
        """There was none, or not all of it."""
        ...


class Keeper(Protocol):
    """Who keeps connections between exchanges."""

    @property
    def head_limit(self) -> int:
        """The bytes that the head of a reply may have."""
        ...

    def release(self, connection: "Connection") -> None:
        """The exchange is complete and another may follow."""
        ...

    def forget(self, connection: "Connection") -> None:
        """The connection is gone."""
        ...


class Connection(asyncio.Protocol):
    """A connection to the instance `uid`. Slots: thousands are open at a time."""

    __slots__ = (
        "_bodiless",
        "_complete",
        "_cut",
        "_deadline",
        "_drained",
        "_head",
        "_head_size",
        "_interim",
        "_keeper",
        "_names",
        "_parser",
        "_paused",
        "_pieces",
        "_reason",
        "_receiver",
        "_reusable",
        "_reused",
        "_sending",
        "_told",
        "_touched",
        "_transport",
        "_until_end",
        "_values",
        "_waiter",
        "_whole",
        "idle_since",
        "on_body",
        "uid",
    )

    def __init__(self, keeper: Keeper, uid: str) -> None:
        self.uid = uid
        self.idle_since = 0.0
        self._keeper = keeper
        self._transport: asyncio.Transport | None = None
        self._receiver: Receiver | None = None
        self._waiter: Waiter | None = None
        self._drained: asyncio.Future[None] | None = None
        self._deadline = _NEVER
        self._whole = False
        self._reused = self._cut = self._sending = self._interim = self._paused = False
        self._bodiless = self._told = self._touched = self._complete = self._reusable = self._until_end = False
        self._head: Head | None = None
        self._head_size = 0
        self._reason = b""
        self._names: list[bytes] = []
        self._values: list[bytes] = []
        self._pieces: list[bytes] = []
        self.on_body = self._pieces.append  # called by the parser, without a frame of ours in between
        self._parser = httptools.HttpResponseParser(self)

    def start(
        self, request: bytes, receiver: Receiver, seconds: float, *, bodiless: bool = False, whole: bool = False
    ) -> "asyncio.Future[None]":
        """Sends a request; the future is done when its reply is complete, or raises as Pool.exchange does, or Stale.

        `seconds` end the wait for the head, or (`whole`) for all of the reply. Whoever gives the future up calls `abandon`.
        """
        loop = asyncio.get_running_loop()
        waiter = loop.create_future()
        self.begin(request, receiver, waiter, loop.time() + seconds, bodiless=bodiless, whole=whole)
        return waiter

    def begin(
        self,
        request: bytes,
        receiver: Receiver,
        waiter: Waiter,
        deadline: float,
        *,
        bodiless: bool = False,
        whole: bool = False,
    ) -> None:
        """The same for a waiter of one's own, until a time of the event loop's. Raises Stale or Broken where nothing was sent."""
        transport = self._transport
        if transport is None or transport.is_closing():
            raise Stale if self._reused else Broken("The server closed the connection at once.")
        self._waiter = waiter
        self._receiver, self._bodiless, self._whole = receiver, bodiless, whole
        self._deadline = deadline
        self._told = self._touched = self._complete = False
        receiver.begin(self)
        transport.write(request)

    def abandon(self, waiter: Waiter | None) -> None:
        """Cuts the connection if that one's exchange is still under way."""
        if waiter is not None and self._waiter is waiter:
            self._receiver = self._waiter = None
            self.abort()

    def send(self, body: AsyncIterator[bytes]) -> "asyncio.Task[None]":
        """Sends the rest of a request, while its reply may come already. What `body` raises ends the exchange."""
        assert self._transport is not None, "an exchange is under way"
        self._sending = True
        sender = asyncio.get_running_loop().create_task(self._send(self._transport, body))
        sender.add_done_callback(self._sent)
        return sender

    def close(self) -> None:
        """Closes it. No exchange may be under way."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """Cuts it, whatever is under way."""
        self._cut = True
        if self._transport is not None:
            self._transport.abort()

    def sweep(self, now: float, idle_before: float) -> None:
        """Ends an exchange that is overdue, and an idleness that lasted too long."""
        if self._receiver is None:
            if self.idle_since < idle_before:
                self.close()
        elif now > self._deadline:
            self._fail(
                UpstreamTimeout(f"The server did not {'finish its' if self._told else 'begin to'} answer in time.")
            )

    def pause(self) -> None:
        """See Source."""
        if self._transport is not None and not self._transport.is_closing():
            self._paused = True
            self._transport.pause_reading()

    def resume(self) -> None:
        """See Source."""
        self._paused = False
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See asyncio.Protocol."""
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        """See asyncio.Protocol."""
        if self._receiver is None:
            self.abort()  # bytes that nobody asked for
            return
        self._touched = True
        try:
            self._parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            self._reusable = False
            if not self._complete:
                self._fail(BadUpstream("The server did not answer in HTTP/1.1."))
                return
        if self._told:
            self._tell(self._receiver, None)
        else:
            self._begin_telling(self._receiver, len(data))

    def connection_lost(self, exc: Exception | None) -> None:
        """See asyncio.Protocol."""
        self._keeper.forget(self)
        self._transport = None
        if self._receiver is not None and self._told and self._until_end and exc is None and not self._cut:
            self._complete = True
            self._tell(self._receiver, None)
        elif self._reused and not self._touched and not self._cut:
            self._fail(Stale())
        else:
            self._fail(Broken("The server closed the connection before its answer was complete."))
        self.resume_writing()

    def pause_writing(self) -> None:
        """See asyncio.Protocol."""
        self._drained = asyncio.get_running_loop().create_future()

    def resume_writing(self) -> None:
        """See asyncio.Protocol."""
        drained, self._drained = self._drained, None
        if drained is not None and not drained.done():
            drained.set_result(None)

    def on_message_begin(self) -> None:
        """The parser met the first byte of a reply."""
        if self._complete:
            raise BadUpstream("a second answer")  # stops the parser; the first one stands

    def on_status(self, reason: bytes) -> None:
        """The parser met the reason phrase, or a piece of it."""
        self._reason += reason

    def on_header(self, name: bytes, value: bytes) -> None:
        """The parser met a header."""
        self._names.append(name)
        self._values.append(value)

    def on_headers_complete(self) -> None:
        """The parser met the end of a head: an interim one (1xx) is for us only."""
        status = self._parser.get_status_code()
        names, values, reason = tuple(self._names), tuple(self._values), self._reason
        self._names.clear()
        self._values.clear()
        self._reason = b""
        self._interim = status < 200
        if self._interim:
            return
        framing: Framing = "none" if self._bodiless or status in (204, 304) else _framing(names)
        if framing == "chunked" and not all(map(_is_chunked, names, values)):
            raise BadUpstream("a transfer coding that cannot be passed on")
        self._until_end, self._reusable = framing == "end", False
        self._head = Head(status, reason, names, values, framing)
        self._complete = self._bodiless  # the parser would wait for a body; so this connection is not used again

    def on_message_complete(self) -> None:
        """The parser met the end of a reply."""
        if not self._interim:
            self._complete = True
            self._reusable = self._parser.should_keep_alive() and not self._bodiless

    def _begin_telling(self, receiver: Receiver, size: int) -> None:
        head, self._head = self._head, None
        size += self._head_size
        self._head_size = size if head is None else 0
        if size > self._keeper.head_limit and (head is None or _size(head) > self._keeper.head_limit):
            self._fail(BadUpstream("The head of the server's answer is too large."))
        elif head is not None:
            self._told = True
            if not self._whole:
                self._deadline = _NEVER
            self._tell(receiver, head)

    def _tell(self, receiver: Receiver, head: Head | None) -> None:
        pieces = self._pieces
        body = pieces[0] if len(pieces) == 1 else b"".join(pieces)
        pieces.clear()
        if self._bodiless:
            body = b""
        if head is None and not body and not self._complete:
            return
        try:
            receiver.received(head, body, self._complete)
        except GatewayError as error:
            self._fail(error)
            return
        if self._complete:
            self._finish()

    def _finish(self) -> None:
        waiter, self._waiter, self._receiver = self._waiter, None, None
        if self._reusable and not self._sending and self._transport is not None:
            self._reused = True
            if self._paused:
                self.resume()  # the one who held it up has all there is
            self._keeper.release(self)
        else:
            self.close()
        if waiter is not None and not waiter.done():
            waiter.set_result(None)

    def _fail(self, error: BaseException) -> None:
        waiter, self._waiter, self._receiver = self._waiter, None, None
        self.abort()
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    async def _send(self, transport: asyncio.Transport, body: AsyncIterator[bytes]) -> None:
        async for piece in body:
            if transport.is_closing():
                return
            transport.write(piece)
            if self._drained is not None:
                await self._drained

    def _sent(self, sender: asyncio.Task[None]) -> None:
        self._sending = False
        if not sender.cancelled() and (error := sender.exception()) is not None:
            self._fail(error)


def _size(head: Head) -> int:
    return sum(map(len, head.names)) + sum(map(len, head.values)) + 4 * len(head.names)


@lru_cache(maxsize=256)  # servers answer with the same few sets of names
def _framing(names: tuple[bytes, ...]) -> Framing:
    lower = {name.lower() for name in names}
    return "chunked" if b"transfer-encoding" in lower else "length" if b"content-length" in lower else "end"


def _is_chunked(name: bytes, value: bytes) -> bool:
    return name.lower() != b"transfer-encoding" or value.strip().lower() == b"chunked"
