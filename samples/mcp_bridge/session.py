"""One client session and its child: begun by initialize, ended by whoever is first of DELETE, silence, the child's
death and our own end. Not HTTP: it hands out streams, and errors that name no status.
"""

import asyncio
import secrets
import sys
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress

from samples.mcp_bridge import message as rpc
from samples.mcp_bridge.child import Child, Ended
from samples.mcp_bridge.guard import Guard
from samples.mcp_bridge.message import Message
from samples.mcp_bridge.settings import Limits
from samples.mcp_bridge.stream import Stream
from samples.mcp_bridge.switchboard import Switchboard

BURST = 1 << 20  # bytes
ENDED = "the client ended the session"


class NotStarted(Exception):
    """The child did not come to answer initialize; the text says why."""


class Session:
    def __init__(self, limits: Limits, forget: Callable[[str], object]) -> None:
        """`forget` is called with the id as soon as the session is over, before its child is."""
        self.id = secrets.token_urlsafe(24)
        self._limits = limits
        self._forget = forget
        # One message of the greatest size may wait while another is written, or a burst of small ones.
        self._board = Switchboard(capacity=2 * limits.message + BURST)
        self._child: Child | None = None
        self._attendant: asyncio.Task[None] | None = None
        self._over = asyncio.Event()
        self._why = ENDED
        self._requests = 0
        self._silence: asyncio.TimerHandle | None = None

    async def begin(self, command: tuple[str, ...], guard: Guard, initialize: Message, line: bytes) -> bytes:
        """Starts the child and returns its answer to initialize. Raises NotStarted.

        Ends itself when that fails, is refused by the server, or is given up by the client.
        """
        answer = self._board.call(initialize, self.end, shared=False)
        self._attendant = asyncio.create_task(self._attend(command, guard, line))
        try:
            async with asyncio.timeout(self._limits.start):
                reply = await first_line(answer)
        except TimeoutError as error:
            self.end(f"no answer to initialize within {self._limits.start} seconds")
            raise NotStarted(self._why) from error
        except asyncio.CancelledError:
            self.end("the client went away during initialize")
            raise
        if reply is None:
            raise NotStarted(f"{self._why}; its standard error says more")
        if rpc.read(reply).is_error:
            self.end("the server refused initialize")
        return reply

    @property
    def is_over(self) -> bool:
        return self._over.is_set()

    async def call(self, request: Message, line: bytes, overflow: Callable[[], None]) -> Stream:
        """Passes a request on; the stream ends with its answer. Raises InFlight."""
        stream = self._board.call(request, overflow)
        try:
            await self.tell(line)
        except asyncio.CancelledError:
            self._board.cancel(rpc.request_id(request))  # never sent: its id is free again
            raise
        return stream

    async def tell(self, line: bytes) -> None:
        """Passes a notification or a response on. To a child that is gone: nothing, the session is ending."""
        assert self._child
        with suppress(Ended):
            await self._child.send(line)

    async def cancel(self, notification: Message, line: bytes) -> None:
        """Passes `notifications/cancelled` on and ends the request's stream."""
        await self.tell(line)
        if notification.cancelled_id is not None:
            self._board.cancel(notification.cancelled_id)

    def listen(self, overflow: Callable[[], None]) -> Stream:
        """The stream of what belongs to no request."""
        return self._board.listen(overflow)

    @contextmanager
    def in_use(self) -> Generator[None]:
        """Around every HTTP request of the session: outside of all of them its silence is measured."""
        self._requests += 1
        if self._silence:
            self._silence.cancel()
        try:
            yield
        finally:
            self._requests -= 1
            if not self._requests and not self.is_over:
                loop = asyncio.get_running_loop()
                self._silence = loop.call_later(self._limits.idle, self.end, "the session was idle for too long")

    def end(self, why: str = ENDED) -> None:
        """Idempotent. From here on the id is unknown and every stream closes; the child follows."""
        if self.is_over:
            return
        self._why = why
        self._over.set()
        if self._silence:
            self._silence.cancel()
        self._forget(self.id)
        self._board.end(why)

    async def ended(self) -> None:
        """Waits until the child is gone."""
        if self._attendant:
            await asyncio.shield(self._attendant)

    async def _attend(self, command: tuple[str, ...], guard: Guard, initialize: bytes) -> None:
        """Starts the child, waits for the first of the two ends, and brings about the other.

        A task of its own, cancelled by nobody: whatever becomes of the requests, a child that was started is stopped.
        """
        try:
            self._child = child = await Child.start(command, self._limits.message, self._board.deliver, guard)
        except OSError as error:
            return self.end(f"{command[0]} cannot be started: {error}")
        sys.stderr.write(f"session begins: process {child.pid}\n")
        death = asyncio.create_task(child.wait())
        over = asyncio.create_task(self._over.wait())
        try:
            await self.tell(initialize)
            await asyncio.wait((death, over), return_when=asyncio.FIRST_COMPLETED)
            if death.done():
                self.end(death.result())
        finally:
            death.cancel()
            over.cancel()
            await child.stop()
            sys.stderr.write(f"session over: process {child.pid}: {self._why}\n")


async def first_line(stream: Stream) -> bytes | None:
    async for line in stream.lines(every=60):
        if line is not None:
            return line
    return None
