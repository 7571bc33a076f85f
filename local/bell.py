"""Bell: wakes those who wait for a condition over plain attributes, after each change of them. Holds no state of its own."""

import asyncio
from collections.abc import Callable


class Bell:
    """Whoever changes something rings; whoever waits looks again. One event loop only."""

    def __init__(self) -> None:
        self._waiting: set[asyncio.Future[None]] = set()

    def ring(self) -> None:
        """Something changed."""
        for waiter in self._waiting:
            if not waiter.done():
                waiter.set_result(None)
        self._waiting.clear()

    async def until(self, accept: Callable[[], bool], seconds: float | None = None) -> bool:
        """Waits until `accept()` is true, `seconds` at most if given; says whether it is."""
        try:
            async with asyncio.timeout(seconds):
                while not accept():
                    await self._next()
        except TimeoutError:
            return accept()
        return True

    async def _next(self) -> None:
        waiter: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.add(waiter)
        try:
            await waiter
        finally:
            self._waiting.discard(waiter)
