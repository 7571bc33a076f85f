"""Takes the client's lines, one after another, and sees that each finds its way. Decides the era of a message; holds the rest together."""

import asyncio
from collections.abc import AsyncIterable, Awaitable, Callable, Coroutine
from functools import partial

import msgspec

from local.connect.awaited import Awaited
from local.connect.carrier import LIMIT, Carrier
from local.connect.endpoint import NoAnswer
from local.connect.legacy import Legacy
from local.connect.lines import Lines
from local.connect.message import INVALID_REQUEST, Malformed, Message, error_line, names, read, same
from local.connect.modern import Modern, is_modern

AT_ONCE = 1000  # requests under way; beyond, the client is not read until one of them is answered

type Work = Callable[[], Coroutine[None, None, None]]


class _Exchange(msgspec.Struct, eq=False):
    """One line under way."""

    task: asyncio.Task[None]
    awaited: Awaited
    modern: bool
    lasting: bool  # a subscription: its answer is its end


class Bridge:
    """`run` it, then `finish` or `drop` what is under way, then `close`."""

    def __init__(self, carrier: Carrier, send: Callable[[bytes], Awaitable[None]]) -> None:
        self._carrier = carrier
        self._send = send
        self._legacy = Legacy(carrier)
        self._modern = Modern(carrier)
        self._exchanges: set[_Exchange] = set()
        self._room = asyncio.Semaphore(AT_ONCE)

    async def run(self, lines: AsyncIterable[bytes]) -> None:
        """Returns with the last line."""
        async for line in lines:
            try:
                if line is Lines.overlong:
                    raise Malformed(INVALID_REQUEST, f"A message may have {LIMIT} bytes.")
                messages = read(line)
            except Malformed as error:
                self._carrier.say(f"A line on standard input is left out: {error}")
                await self._send(error_line(None, error.code, str(error)))
                continue
            await self._take(line, messages)

    async def finish(self, seconds: float) -> None:
        """Gives what is under way that long to end, subscriptions excepted."""
        tasks = [exchange.task for exchange in self._exchanges if not exchange.lasting]
        if tasks:
            await asyncio.wait(tasks, timeout=seconds)

    async def drop(self) -> None:
        """Ends all that is under way, unanswered."""
        tasks = [exchange.task for exchange in self._exchanges]
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks)

    async def close(self) -> None:
        """Ends the session, within two seconds."""
        await self._legacy.close()

    async def _take(self, line: bytes, messages: list[Message]) -> None:
        message = messages[0]
        awaited = Awaited(messages)
        if awaited:
            await self._room.acquire()
            self._start(self._request(line, message, awaited), messages, awaited)
        elif message.name == "notifications/cancelled" and self._cancelled(message):
            return
        else:
            self._start(self._notice(line, message), messages, awaited)

    def _request(self, line: bytes, message: Message, awaited: Awaited) -> Work:
        if is_modern(message.version):
            self._modern.version = message.version
            return partial(self._modern.request, line, message, awaited)
        place = self._legacy.place(message)
        if message.name == "initialize":
            return partial(self._legacy.initialize, line, awaited, place)
        return partial(self._legacy.request, line, awaited, place)

    def _notice(self, line: bytes, message: Message) -> Work:
        modern = is_modern(message.version) or (bool(self._modern.version) and not self._legacy.begun)
        if modern:
            return partial(self._modern.notify, line, message)
        return partial(self._legacy.notify, line, message.name, self._legacy.place(message))

    def _start(self, work: Work, messages: list[Message], awaited: Awaited) -> None:
        modern, lasting = is_modern(messages[0].version), messages[0].name == "subscriptions/listen"
        task = asyncio.create_task(self._answered(work, messages, awaited))
        exchange = _Exchange(task, awaited, modern, lasting)
        self._exchanges.add(exchange)
        task.add_done_callback(partial(self._ended, exchange, counted=bool(awaited)))

    async def _answered(self, work: Work, messages: list[Message], awaited: Awaited) -> None:
        try:
            await work()
        except NoAnswer as error:
            if awaited:
                await self._carrier.refuse(awaited, str(error))
            else:
                self._carrier.say(f"{names(messages)} did not arrive: {error}")
        except Exception as error:  # noqa: BLE001 said, and answered: a client that waits for ever is worse
            self._carrier.say(f"An error of `connect` itself: {error!r}")
            await self._carrier.refuse(awaited, "An error of `mcp-gateway connect` itself.")

    def _ended(self, exchange: _Exchange, _: asyncio.Task[None], *, counted: bool) -> None:
        self._exchanges.discard(exchange)
        if counted:
            self._room.release()

    def _cancelled(self, message: Message) -> bool:
        """Whether that is all: in 2026-07-28 closing the stream cancels; in a session the server is told as well."""
        id = message.param("requestId")
        for exchange in self._exchanges:
            if id is not None and same(id) in exchange.awaited.ids:
                exchange.awaited.forget(same(id))
                if exchange.modern:
                    exchange.task.cancel()
                return exchange.modern
        return not self._legacy.begun
