"""Bearer: the token in use. One is shared by all requests, fetched before its end, and again when it was refused."""

import asyncio
import time
from collections.abc import Callable

from gateway.tokens.token import Tokens

OPAQUE = 300.0  # seconds for which a token is used that does not say how long it is valid
MARGIN = 60.0  # seconds before its end at which a token is no longer used


class Bearer:
    """Of one source; `clock` gives seconds since 1970."""

    def __init__(self, tokens: Tokens, clock: Callable[[], float] = time.time) -> None:
        self._tokens = tokens
        self._clock = clock
        self._token = ""
        self._until = 0.0
        self._fetching: asyncio.Task[str] | None = None

    async def current(self) -> str:
        """A token that is valid as far as can be told. Raises NoToken."""
        return self._token if self._clock() < self._until else await self._shared(anew=False)

    async def after(self, refused: str) -> str:
        """One that is not `refused`, as far as the source has another. Raises NoToken."""
        return await self._shared(anew=True) if self._token == refused else await self.current()

    async def close(self) -> None:
        """Ends a fetch under way, and the source."""
        if self._fetching:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])
        await self._tokens.close()

    async def _shared(self, *, anew: bool) -> str:
        """All who ask while one is fetched get that one."""
        if self._fetching is None or self._fetching.done():
            self._fetching = asyncio.create_task(self._fetch(anew=anew), name="token")
            # Those who asked may be gone by then; an error that nobody fetches would be printed with its traceback.
            self._fetching.add_done_callback(lambda task: task.cancelled() or task.exception())
        return await asyncio.shield(self._fetching)

    async def _fetch(self, *, anew: bool) -> str:
        token = await self._tokens.fetch(anew=anew)
        self._token = token.text
        self._until = self._clock() + OPAQUE if token.expires is None else token.expires - MARGIN
        return self._token
