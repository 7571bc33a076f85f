"""Drain: the end of a process that nobody should notice: unready first, then a bounded wait for what is under way."""

import asyncio


class Drain:
    """Counts requests under way: whoever begins one adds to `active`, and calls `leave` at its end."""

    def __init__(self) -> None:
        self.draining = False
        self.active = 0
        self._empty = asyncio.Event()

    def leave(self) -> None:
        """A request ended."""
        self.active -= 1
        if self.draining and not self.active:
            self._empty.set()

    async def wait(self, seconds: float) -> bool:
        """Unready from now on. Whether all requests ended within `seconds`; new ones are served all the while."""
        self.draining = True
        try:
            async with asyncio.timeout(seconds):
                while self.active:
                    self._empty.clear()
                    await self._empty.wait()
        except TimeoutError:
            return False
        return True
