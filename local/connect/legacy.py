"""The handshake revisions: a session that is begun, kept alive, listened to and ended for a client that knows no HTTP."""

import asyncio

from local.connect.awaited import Awaited
from local.connect.carrier import Carrier, Cursor
from local.connect.endpoint import BROKE, NoAnswer
from local.connect.listener import Listener
from local.connect.message import Message
from local.connect.order import Order, Place
from local.connect.refusal import Refusal
from local.connect.renewal import Renewal
from local.connect.session import Session

ATTEMPTS = 5  # to take up a stream again, without anything new on it in between
PAUSE = 1.0  # seconds before that, where the server does not say
_NOTICE = 60.0  # seconds; the next notification waits for this one
_END = 2.0


class Legacy:
    """Each line: `place` at once, in the order of the lines; then `request` or `notify` in a task."""

    def __init__(self, carrier: Carrier) -> None:
        self._carrier = carrier
        self._order = Order()
        self._listening: asyncio.Task[None] | None = None
        self._begin(Session())

    @property
    def begun(self) -> bool:
        """Whether the client has ever said `initialize`."""
        return bool(self._session.opening)

    def place(self, message: Message) -> Place:
        """Where a line stands among the others."""
        match message.name:
            case "initialize" | "notifications/initialized":
                return self._order.opening()
            case "notifications/cancelled" | "":
                return self._order.any()
            case _:
                return self._order.any() if message.is_request else self._order.notification()

    async def initialize(self, line: bytes, awaited: Awaited, place: Place) -> None:
        """The first request, and any later one of its kind: a session of its own. Raises NoAnswer."""
        async with place:
            await self._end()
            self._begin(Session(line))
            awaited.on_result = self._session.result
            refusal = await self._carrier.post(line, {}, awaited, on_head=self._session.head)
            await self._settle(awaited, refusal, Cursor())

    async def request(self, line: bytes, awaited: Awaited, place: Place) -> None:
        """A request, or a batch. Raises NoAnswer."""
        async with place:
            pass
        cursor = Cursor()
        used = self._session.id
        refusal = await self._carrier.post(line, self._session.headers, awaited, cursor)
        if refusal and refusal.status == 404 and used and await self._renewal.renew(used):
            refusal = await self._carrier.post(line, self._session.headers, awaited, cursor)
        await self._settle(awaited, refusal, cursor)

    async def notify(self, line: bytes, name: str, place: Place) -> None:
        """A notification, or a response (no name). Raises NoAnswer."""
        async with place:
            opening = name == "notifications/initialized"
            if opening:
                self._session.initialized = line
            try:
                async with asyncio.timeout(_NOTICE):
                    await self._notify(line)
            except TimeoutError:
                raise NoAnswer(f"The gateway did not take it within {_NOTICE:g} s.") from None
            if opening:
                self._listen()

    async def close(self) -> None:
        """Ends the session there, within two seconds."""
        await self._end()

    async def _notify(self, line: bytes) -> None:
        used = self._session.id
        refusal = await self._carrier.post(line, self._session.headers, Awaited())
        # Of a session that is gone nothing needs to be said again to the next one.
        if refusal and not (refusal.status == 404 and used and await self._renewal.renew(used)):
            raise NoAnswer(refusal.why)

    def _begin(self, session: Session) -> None:
        self._session = session
        self._renewal = Renewal(self._carrier, session)

    def _listen(self) -> None:
        if self._listening is None:
            listener = Listener(self._carrier, self._session, self._renewal)
            self._listening = asyncio.create_task(listener.run(), name="listener")

    async def _end(self) -> None:
        if self._listening:
            self._listening.cancel()
            await asyncio.wait([self._listening])
            self._listening = None
        await self._renewal.close()
        if self._session.id:
            try:
                async with asyncio.timeout(_END):
                    await self._carrier.end(self._session.headers)
            except (NoAnswer, TimeoutError):
                return  # it ends there by itself some time

    async def _settle(self, awaited: Awaited, refusal: Refusal | None, cursor: Cursor) -> None:
        if refusal:
            await self._carrier.refused(awaited, refusal)
        elif awaited and cursor.id:
            await self._resume(awaited, cursor)
        if awaited:
            await self._carrier.refuse(awaited, BROKE)

    async def _resume(self, awaited: Awaited, cursor: Cursor) -> None:
        """Takes a broken stream up again until all is answered, or nothing new has come for some attempts."""
        left = ATTEMPTS
        while awaited and left:
            await asyncio.sleep(PAUSE if cursor.retry is None else cursor.retry)
            seen, left = cursor.id, left - 1
            try:
                refusal = await self._carrier.listen(self._session.headers, awaited, cursor, on_open=lambda: None)
            except NoAnswer:
                continue  # the gateway may come back
            if refusal and refusal.status < 500:
                return
            if cursor.id != seen:
                left = ATTEMPTS
