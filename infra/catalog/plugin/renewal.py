"""Renewal: as whom the gateway is asked, told with each request. What is fetched stays in memory, and out of every state and message.

One token is used until a minute before its end, or until it is refused.
"""

import asyncio
import time
from collections.abc import Callable

from gateway.tokens.token import Tokens

OPAQUE = 300.0  # seconds for which a token is used that does not say how long it is valid
MARGIN = 60.0  # seconds before its end at which a token is no longer used


class Identity:
    """Of one source, or of headers that a gateway on this machine believes. `clock` gives seconds since 1970."""

    def __init__(self, source: Tokens | None, headers: dict[str, str], clock: Callable[[], float] = time.time) -> None:
        self._source = source
        self._headers = headers
        self._clock = clock
        self._until = 0.0
        self._turn = asyncio.Lock()  # all who ask while one is fetched get that one

    @property
    def renews(self) -> bool:
        """Whether asking anew may give something else."""
        return self._source is not None

    async def headers(self, refused: dict[str, str] | None = None) -> dict[str, str]:
        """What goes along with a request; not what was `refused`, as far as there is something else. Raises NoToken."""
        async with self._turn:
            anew = refused == self._headers
            if self._source and (anew or self._clock() >= self._until):
                token = await self._source.fetch(anew=anew)
                self._until = self._clock() + OPAQUE if token.expires is None else token.expires - MARGIN
                self._headers = {"Authorization": f"Bearer {token.text}"}
            return self._headers

    async def close(self) -> None:
        """Gives back what the source holds."""
        if self._source:
            await self._source.close()
