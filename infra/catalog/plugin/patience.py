"""Patience: how long one operation goes on, until its time is over or the engine cancels it."""

import asyncio


class Cancelled(Exception):
    """The engine wants to end."""


class Patience:
    """`seconds` from now on; `cancelled` is one for all operations."""

    def __init__(self, seconds: float, cancelled: asyncio.Event) -> None:
        self.seconds = seconds
        self._cancelled = cancelled
        self._end = asyncio.get_running_loop().time() + seconds

    @property
    def left(self) -> float:
        """Seconds, never below 0."""
        return max(0.0, self._end - asyncio.get_running_loop().time())

    async def lasts(self, seconds: float) -> bool:
        """True after so long; False at once where there is not that much left. Raises Cancelled as soon as that is so."""
        if not self._cancelled.is_set() and seconds >= self.left:
            return False
        try:
            await asyncio.wait_for(self._cancelled.wait(), seconds)
        except TimeoutError:
            return True
        raise Cancelled
