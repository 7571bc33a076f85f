"""Load: several clients who call again and again while something happens to the cluster, and what came back to them.

A call that was held and then answered counts as answered; how long the longest took is told.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from types import TracebackType

import aiohttp
import msgspec

PAUSE = 0.02  # seconds between two calls of one client: two cores shall not be all load

type Call = Callable[[], Awaitable[str]]  # what is wrong with the answer; "" where nothing is


class Report(msgspec.Struct):
    """`failures` are (seconds since the beginning, what was wrong); `longest` in seconds."""

    calls: int = 0
    longest: float = 0.0
    failures: list[tuple[float, str]] = []

    def __str__(self) -> str:
        return f"{self.calls} calls, {len(self.failures)} failed, longest {self.longest:.2f} s"


class Load:
    """`async with Load(calls) as load:` they run while the block does; `load.report` is complete after it."""

    def __init__(self, calls: Sequence[Call], *, pause: float = PAUSE) -> None:
        self.report = Report()
        self._calls = calls
        self._pause = pause
        self._ending = asyncio.Event()
        self._tasks: list[asyncio.Task[None]] = []
        self._begun = 0.0

    async def __aenter__(self) -> "Load":
        self._begun = asyncio.get_running_loop().time()
        self._tasks = [asyncio.create_task(self._again_and_again(call)) for call in self._calls]
        await self.more(len(self._calls))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._ending.set()
        if error:
            for task in self._tasks:
                task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=bool(error))

    async def more(self, calls: int, seconds: float = 60.0) -> None:
        """Waits for so many more answers. Raises AssertionError where they do not come: something hangs."""
        wanted = self.report.calls + calls
        try:
            async with asyncio.timeout(seconds):
                while self.report.calls < wanted:
                    await asyncio.sleep(self._pause)
        except TimeoutError:
            raise AssertionError(
                f"{wanted - self.report.calls} of {calls} answers did not come: {self.report}"
            ) from None

    async def _again_and_again(self, call: Call) -> None:
        clock = asyncio.get_running_loop().time
        while not self._ending.is_set():
            begun = clock()
            try:
                wrong = await call()
            except (aiohttp.ClientError, ConnectionError, TimeoutError) as error:
                wrong = repr(error)
            self.report.calls += 1
            self.report.longest = max(self.report.longest, clock() - begun)
            if wrong:
                self.report.failures.append((round(begun - self._begun, 2), wrong))
            await asyncio.sleep(self._pause)
