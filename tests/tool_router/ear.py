"""Ears: those who listen for notices, and the place where there are some. No connection: a View and what watches it."""

import asyncio
import time

from gateway.card import Card
from gateway.identity import principal
from gateway.view import View
from tool_router.notices import Notices
from tool_router.shelf import Shelf

PERIOD = 0.05


class Ear:
    """One who listens. `times`: when they were told."""

    def __init__(self, notices: Notices, id: str = "alice", *roles: str) -> None:
        self.times: list[float] = []
        self._heard = asyncio.Event()
        self.cancel = notices.listen(principal(id, id, roles or ("team",)), self._tell)

    def _tell(self) -> None:
        self.times.append(time.monotonic())
        self._heard.set()

    @property
    def count(self) -> int:
        return len(self.times)

    async def told(self, count: int = 1) -> None:
        """Returns once they were told so often."""
        async with asyncio.timeout(5):
            while self.count < count:
                self._heard.clear()
                await self._heard.wait()


class Place:
    """A view and its notices."""

    def __init__(self, seconds: float = PERIOD) -> None:
        self.view = View(synced=True)
        self.notices = Notices(Shelf(self.view), seconds)

    async def listed(self, card: Card) -> None:
        """Lists a tool, and has told whoever listened."""
        self.view.put_card(card)
        await ticks()

    def ear(self, id: str = "alice", *roles: str) -> Ear:
        return Ear(self.notices, id, *roles)


async def ticks(count: int = 5) -> None:
    """Lets the loop turn: what is due at once has happened then."""
    for _ in range(count):
        await asyncio.sleep(0)
