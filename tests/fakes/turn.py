"""Turn: one request and its reply, which becomes a stream as soon as something is said before the result."""

import secrets
from collections.abc import Awaitable, Callable

from aiohttp import web

from tests.fakes import wire
from tests.fakes.diary import Diary
from tests.fakes.sessions import Session
from tests.fakes.wire import Json, Message

type Tool = Callable[[Turn], Awaitable[Json]]


class Turn:
    """What a tool gets: the arguments, the session (None in 2026-07-28) and ways to speak before the result."""

    def __init__(self, request: web.Request, message: Message, session: Session | None, diary: Diary) -> None:
        self.request = request
        self.message = message
        self.session = session
        self.diary = diary
        self._stream: web.StreamResponse | None = None

    @property
    def arguments(self) -> Json:
        """The arguments of a `tools/call`."""
        return self.message.params.arguments

    def text(self, name: str, default: str = "") -> str:
        """An argument as text."""
        return str(self.arguments.get(name, default))

    def number(self, name: str, default: float) -> float:
        """An argument as a number."""
        return float(self.arguments.get(name, default))

    async def notify(self, method: str, params: Json) -> None:
        """Sends a notification ahead of the result."""
        await (await self.stream()).write(wire.event(wire.notification(method, params)))

    async def ask(self, method: str, params: Json) -> Json:
        """Sends a request on this reply and waits for the client to POST its response. Sessions only."""
        assert self.session is not None, "2026-07-28 knows no requests of the server"
        id = secrets.token_hex(8)
        await (await self.stream()).write(wire.event(wire.request(id, method, params)))
        return await self.session.answer_to(id)

    async def stream(self) -> web.StreamResponse:
        """The reply as an event stream; its head is sent at the first call."""
        if self._stream is None:
            self._stream = web.StreamResponse(
                headers={"Content-Type": "text/event-stream", "Cache-Control": "no-cache"}
            )
            await self._stream.prepare(self.request)
        return self._stream

    async def finish(self, result: Json) -> web.StreamResponse:
        """The result, as the last event or as the JSON body."""
        body = wire.result(self.message.id, result)
        if self._stream is None:
            return web.Response(body=body, content_type="application/json")
        await self._stream.write(wire.event(body))
        await self._stream.write_eof()
        return self._stream
