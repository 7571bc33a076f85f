"""Load: many requests one after the other, from several clients with kept connections, until they are told to stop. Counts."""

import asyncio
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager

from aiohttp import ClientError

from tests.local.waiting import holds

type Ask = Callable[[], Awaitable[int]]


class Load:
    """`failed` says what became of those that were not answered with 200."""

    def __init__(self) -> None:
        self.answered = 0
        self.failed: list[str] = []
        self.stopping = False

    async def more(self, count: int) -> None:
        """Returns once so many more are answered."""
        goal = self.answered + count
        await holds(lambda: self.answered >= goal or bool(self.failed))

    async def client(self, ask: Ask) -> None:
        """One client."""
        while not self.stopping:
            try:
                status = await ask()
            except (ClientError, OSError) as error:
                self.failed.append(repr(error))
                return
            if status == 200:
                self.answered += 1
            else:
                self.failed.append(str(status))


@asynccontextmanager
async def load(ask: Ask, clients: int = 4) -> AsyncGenerator[Load]:
    """Asks until the block ends, or somebody sets `stopping`."""
    running = Load()
    async with asyncio.TaskGroup() as group:
        for _ in range(clients):
            group.create_task(running.client(ask))
        try:
            yield running
        finally:
            running.stopping = True
