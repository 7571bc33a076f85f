"""Carries one line to the gateway, and what comes back to the client. Knows no era: headers and ids are handed in."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping

import aiohttp
import msgspec

from local.connect.awaited import Awaited
from local.connect.endpoint import Endpoint, NoAnswer
from local.connect.events import Event, Events, TooLong
from local.connect.message import Malformed, one_line
from local.connect.refusal import Refusal

LIMIT = 64 * 2**20  # bytes of one message, either way
EVENTS = "text/event-stream"
# Seconds for a stream to end by itself once all is answered: then its connection can be used again.
LAST_WORDS = 0.25
_BOTH = {"Content-Type": "application/json", "Accept": f"application/json, {EVENTS}"}
_STREAM = {"Accept": EVENTS}

type Heads = Callable[[Mapping[str, str]], None]


class Cursor(msgspec.Struct):
    """Where a stream can be taken up again: after the event `id`, not before `retry` seconds have passed."""

    id: str = ""
    retry: float | None = None


class Carrier:
    """`send` takes a line for the client, `say` one for a person."""

    def __init__(
        self, endpoint: Endpoint, send: Callable[[bytes], Awaitable[None]], say: Callable[[str], None]
    ) -> None:
        self._endpoint = endpoint
        self._send = send
        self.say = say

    async def post(
        self,
        line: bytes,
        headers: Mapping[str, str],
        awaited: Awaited,
        cursor: Cursor | None = None,
        on_head: Heads | None = None,
    ) -> Refusal | None:
        """Returns at the end of the answer, also where it breaks off after its head; what is still `awaited` then was not
        answered. Raises NoAnswer.
        """
        async with self._endpoint.ask("POST", {**_BOTH, **headers}, line) as reply:
            if not 200 <= reply.status < 300:
                return await Refusal.of(reply)
            if on_head:
                on_head(reply.headers)
            if reply.content_type == EVENTS:
                await self._stream(reply, awaited, cursor or Cursor())
            else:
                await self._body(reply, awaited)
        return None

    async def listen(
        self, headers: Mapping[str, str], awaited: Awaited, cursor: Cursor, on_open: Callable[[], None]
    ) -> Refusal | None:
        """GET of a stream, from `cursor` on, to its end or break. Raises NoAnswer."""
        after = {"Last-Event-ID": cursor.id} if cursor.id else {}
        async with self._endpoint.ask("GET", {**_STREAM, **headers, **after}) as reply:
            if reply.status != 200:
                return await Refusal.of(reply)
            if reply.content_type != EVENTS:
                return Refusal(405, "The gateway has no event stream there.")
            on_open()
            await self._stream(reply, awaited, cursor)
        return None

    async def end(self, headers: Mapping[str, str]) -> None:
        """DELETE; whatever the answer. Raises NoAnswer."""
        async with self._endpoint.ask("DELETE", headers):
            pass

    async def refused(self, awaited: Awaited, refusal: Refusal) -> None:
        """Passes on the error that came with a refusal; answers what that leaves open."""
        if answer := refusal.answer(awaited):
            await self._send(answer)
        if awaited:
            await self.refuse(awaited, refusal.why)

    async def refuse(self, awaited: Awaited, why: str) -> None:
        """Answers what is open with an error, and says so to the person."""
        self.say(why)
        for line in awaited.refuse(why):
            await self._send(line)

    async def _body(self, reply: aiohttp.ClientResponse, awaited: Awaited) -> None:
        if body := await _whole(reply):
            await self._pass(body, awaited)
        if awaited:
            await self.refuse(awaited, f"The gateway answered {reply.status} without an answer to this request.")

    async def _stream(self, reply: aiohttp.ClientResponse, awaited: Awaited, cursor: Cursor) -> None:
        events = Events(LIMIT, cursor.id)
        waiting = bool(awaited)
        loop = asyncio.get_running_loop()
        try:
            async with asyncio.timeout(None) as patience:
                async for chunk in reply.content.iter_any():
                    for event in events.feed(chunk):
                        await self._event(event, awaited)
                        cursor.id = event.id
                    cursor.id = events.id
                    cursor.retry = cursor.retry if events.retry is None else events.retry
                    if waiting and not awaited and patience.when() is None:
                        patience.reschedule(loop.time() + LAST_WORDS)
        except (aiohttp.ClientError, OSError, TimeoutError):
            pass  # who awaits something sees that it is missing
        except TooLong:
            await self.refuse(awaited, f"The gateway sent a message of more than {LIMIT} bytes.")

    async def _event(self, event: Event, awaited: Awaited) -> None:
        if event.data and event.kind == "message":
            await self._pass(event.data, awaited)

    async def _pass(self, data: bytes, awaited: Awaited) -> None:
        try:
            line = awaited.take(one_line(data))
        except Malformed as error:
            self.say(f"The gateway sent something that is left out: {error}")
            return
        if line:
            await self._send(line)


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    """The body of an answer. Raises NoAnswer where it is too long or breaks off."""
    parts: list[bytes] = []
    size = 0
    async for chunk in reply.content.iter_any():
        size += len(chunk)
        if size > LIMIT:
            raise NoAnswer(f"The gateway sent a message of more than {LIMIT} bytes.")
        parts.append(chunk)
    return b"".join(parts)
