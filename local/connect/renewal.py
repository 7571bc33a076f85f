"""Begins a session anew in the client's name when the server has forgotten it: a stdio client cannot do that itself."""

import asyncio

from local.connect.awaited import Awaited
from local.connect.carrier import Carrier
from local.connect.endpoint import NoAnswer
from local.connect.message import read
from local.connect.session import Session


class Renewal:
    """For one session; however many find it dead, it is begun again once."""

    def __init__(self, carrier: Carrier, session: Session) -> None:
        self._carrier = carrier
        self._session = session
        self._running: asyncio.Task[bool] | None = None

    async def renew(self, dead: str) -> bool:
        """Whether there is another session than the one with the id `dead` now."""
        if self._session.id != dead:
            return True
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._renew(), name="renewal")
        return await asyncio.shield(self._running)

    async def close(self) -> None:
        """Ends an attempt that is running."""
        if self._running:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _renew(self) -> bool:
        fresh = Session(self._session.opening)
        # The answer is kept back: the client has had one, to the same id.
        awaited = Awaited(read(fresh.opening), silent=True)
        awaited.on_result = fresh.result
        try:
            await self._carrier.post(fresh.opening, {}, awaited, on_head=fresh.head)
            if not fresh.version:
                return False
            if self._session.initialized:
                await self._carrier.post(self._session.initialized, fresh.headers, Awaited())
        except NoAnswer:
            return False
        self._session.id, self._session.version = fresh.id, fresh.version
        self._carrier.say("The session had ended there; a new one was begun in its place.")
        return True
