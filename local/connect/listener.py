"""The stream on which a server speaks unasked, in a session: GET, opened again whenever it ends."""

import asyncio
import time
from collections.abc import Callable

from local.backoff import Backoff
from local.connect.awaited import Awaited
from local.connect.carrier import Carrier, Cursor
from local.connect.endpoint import NoAnswer
from local.connect.refusal import Refusal
from local.connect.renewal import Renewal
from local.connect.session import Session

_PASSING = (408, 425, 429)  # besides 5xx: what may go well another time


class Listener:
    """`run` it from `notifications/initialized` until the session ends."""

    def __init__(
        self, carrier: Carrier, session: Session, renewal: Renewal, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._carrier = carrier
        self._session = session
        self._renewal = renewal
        self._clock = clock
        self._said = False
        self._alive_since: float | None = None

    async def run(self) -> None:
        """Returns where the server has no such stream."""
        cursor, backoff = Cursor(), Backoff()
        while True:
            self._alive_since, used = None, self._session.id
            refusal = await self._once(cursor)
            if refusal and refusal.status == 404 and used:
                cursor.id = ""  # of a session that is gone
                if await self._renewal.renew(used):
                    continue
            elif refusal and refusal.status not in _PASSING and refusal.status < 500:
                return self._closed(refusal)
            alive = 0.0 if self._alive_since is None else self._clock() - self._alive_since
            await asyncio.sleep(max(backoff.pause(alive), cursor.retry or 0.0))

    async def _once(self, cursor: Cursor) -> Refusal | None:
        try:
            refusal = await self._carrier.listen(self._session.headers, Awaited(), cursor, self._opened)
        except NoAnswer as error:
            self._once_said(str(error))
            return None
        if refusal and refusal.status >= 500:
            self._once_said(refusal.why)
        return refusal

    def _opened(self) -> None:
        self._alive_since = self._clock()
        self._said = False

    def _once_said(self, why: str) -> None:
        """Not at every attempt of a gateway that is away for the night."""
        if not self._said:
            self._carrier.say(why)
        self._said = True

    def _closed(self, refusal: Refusal) -> None:
        if refusal.status != 405:
            self._carrier.say(f"The gateway sends nothing unasked: {refusal.why}")
