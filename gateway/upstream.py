"""Pool: kept-alive HTTP/1.1 connections to instances: the only client of the data path.

Connections are kept by instance uid, never by address: an address that another instance took over must not inherit
them. Follows no redirect, keeps no cookie, decodes no content. One sweep timer serves every connection.

    await pool.exchange(instance, request, receiver)         # tells `receiver` of the reply as it arrives
    reply = await fetch(pool, instance, request, limit=…)    # reads a whole one
"""

import asyncio
from collections.abc import AsyncIterator

import msgspec

from gateway.catalog import Instance
from gateway.connection import Connection, Stale
from gateway.errors import BadUpstream
from gateway.reply import Broken, Head, NotConnected, Receiver, Source

IDLE_SECONDS = 3.0  # uvicorn closes after 5 s of silence: we must be first
_SWEEP_SECONDS = 0.25


class Pool:
    """Connections by instance uid. Needs no start; `close` ends it."""

    def __init__(
        self,
        *,
        idle_seconds: float = IDLE_SECONDS,
        connect_seconds: float = 5.0,
        head_limit: int = 65_536,
        kept: int = 256,
    ) -> None:
        """Keeps at most `kept` idle connections to each instance, each for `idle_seconds`. `head_limit` is in bytes."""
        self.head_limit = head_limit
        self._idle_seconds = idle_seconds
        self._connect_seconds = connect_seconds
        self._kept = kept
        self._idle: dict[str, list[Connection]] = {}
        self._open: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None

    async def exchange(
        self,
        instance: Instance,
        request: bytes,
        receiver: Receiver,
        *,
        body: AsyncIterator[bytes] | None = None,
        head_seconds: float = 300.0,
        whole: bool = False,
        bodiless: bool = False,
        again: bool = False,
    ) -> None:
        """Sends a request and tells `receiver` of the reply; returns when that is complete.

        `request` is the head as it goes on the wire, and the body behind it, unless `body` yields that (framed; on a
        fresh connection, because it cannot be sent twice; a reply that is complete before ends it). `bodiless`: the
        answer to a HEAD. A kept connection that closes before any byte of a reply is replaced, once; `again`: that has
        happened to the request already. `head_seconds` end the wait for the final head, or (`whole`) for the end of the
        reply, a quarter of a second late at most. Cancelled: the connection is cut at once.

        Raises NotConnected (nothing was sent), Broken, BadUpstream (not HTTP), UpstreamTimeout, and whatever `receiver`
        or `body` raise.
        """
        kept = self.take(instance.uid) if body is None and not again else None
        if kept is not None:
            waiter = None
            try:
                waiter = kept.start(request, receiver, head_seconds, bodiless=bodiless, whole=whole)
                return await waiter
            except Stale:
                pass  # the server closed it while we wrote; nothing was answered
            except asyncio.CancelledError:
                kept.abandon(waiter)
                raise
        fresh = await self._connect(instance, again=again or kept is not None)
        waiter = fresh.start(request, receiver, head_seconds, bodiless=bodiless, whole=whole)
        sender = fresh.send(body) if body is not None else None
        try:
            await waiter
        finally:
            fresh.abandon(waiter)
            if sender is not None:
                sender.cancel()  # whoever answers early does not want the rest
                await asyncio.wait([sender])

    def close(self) -> None:
        """Cuts every connection; exchanges under way raise Broken."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        for connection in list(self._open):
            connection.abort()

    @property
    def size(self) -> int:
        """How many connections are open, idle ones included."""
        return len(self._open)

    def release(self, connection: Connection) -> None:
        """Called by a connection whose exchange is complete."""
        connection.idle_since = asyncio.get_running_loop().time()
        self.keep(connection)

    def keep(self, connection: Connection) -> None:
        """Takes back one that was taken and not used."""
        idle = self._idle.setdefault(connection.uid, [])
        if len(idle) >= self._kept:
            connection.close()
            return
        idle.append(connection)

    def forget(self, connection: Connection) -> None:
        """Called by a connection that is gone."""
        self._open.discard(connection)
        idle = self._idle.get(connection.uid)
        if idle is not None and connection in idle:
            idle.remove(connection)
            if not idle:
                del self._idle[connection.uid]

    def take(self, uid: str) -> Connection | None:
        """A kept connection to that instance, for whoever begins an exchange on it at once."""
        idle = self._idle.get(uid)
        if not idle:
            return None
        oldest = asyncio.get_running_loop().time() - self._idle_seconds
        while idle:
            connection = idle.pop()
            if connection.idle_since > oldest:
                return connection
            connection.close()
        return None

    async def _connect(self, instance: Instance, *, again: bool) -> Connection:
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(self._connect_seconds):
                _, connection = await loop.create_connection(
                    lambda: Connection(self, instance.uid), instance.host, instance.port
                )
        except OSError as error:  # TimeoutError is one
            if again:  # the kept connection may have carried the request: no other instance may be asked now
                raise Broken("The server closed the connection and takes no other.") from error
            raise NotConnected("The server accepts no connection.") from error
        self._open.add(connection)
        if self._timer is None:
            self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep)
        return connection

    def _sweep(self) -> None:
        loop = asyncio.get_running_loop()
        now = loop.time()
        for connection in list(self._open):
            connection.sweep(now, now - self._idle_seconds)
        self._timer = loop.call_later(_SWEEP_SECONDS, self._sweep) if self._open else None


class Reply(msgspec.Struct):
    """A whole reply."""

    head: Head
    body: bytes


async def fetch(
    pool: Pool, instance: Instance, request: bytes, *, limit: int, seconds: float = 300.0, bodiless: bool = False
) -> Reply:
    """Sends a request and reads its whole reply, of at most `limit` bytes, within so many `seconds` of being connected.

    Raises as Pool.exchange; BadUpstream above the limit.
    """
    whole = _Whole(limit)
    await pool.exchange(instance, request, whole, head_seconds=seconds, whole=True, bodiless=bodiless)
    return whole.reply()


class _Whole:
    """A Receiver that keeps everything."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._head: Head | None = None
        self._pieces: list[bytes] = []
        self._size = 0

    def begin(self, source: Source) -> None:
        """Nothing can be slow here."""

    def received(self, head: Head | None, body: bytes, complete: bool) -> None:
        """Keeps it. Raises BadUpstream above the limit."""
        self._head = head or self._head
        self._size += len(body)
        if self._size > self._limit:
            raise BadUpstream(f"The server's answer is larger than {self._limit:,} bytes.")
        self._pieces.append(body)

    def reply(self) -> Reply:
        """The reply, once it is complete."""
        assert self._head is not None, "an exchange that returned has told a head"
        return Reply(self._head, b"".join(self._pieces))
