"""Steps: the lines between which a process can die. Every call to a store or a cluster is one, counted from 1."""

import asyncio
import random
from collections.abc import Callable
from typing import Literal

type When = Literal["before", "after"]


class Died(BaseException):
    """The process ended here. Nothing may catch it."""


class Broke(Exception):
    """The call failed; whether it took effect, the caller cannot know."""


class Hold:
    """One step, held before its effect until it is released."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.reached = asyncio.Event()
        self.released = asyncio.Event()


class Steps:
    """Runs steps. Fails an armed one once, before or after its effect; holds steps by name; mixes tasks by a seed."""

    def __init__(self, seed: int | None = None) -> None:
        self.names: list[str] = []
        self._fail_at = 0
        self._when: When = "before"
        self._error: type[BaseException] = Died
        self._random = None if seed is None else random.Random(seed)
        self._holds: list[Hold] = []

    def arm(self, number: int, when: When, error: type[BaseException]) -> None:
        """Fails the `number`th step from now."""
        self._fail_at, self._when, self._error = len(self.names) + number, when, error

    def disarm(self) -> None:
        """Fails nothing any more."""
        self._fail_at = 0

    def hold(self, name: str) -> Hold:
        """Holds the next step of that name."""
        hold = Hold(name)
        self._holds.append(hold)
        return hold

    async def run[T](self, name: str, effect: Callable[[], T]) -> T:
        """One step: others may run before and after it."""
        self.names.append(name)
        number = len(self.names)
        await self._others()
        await self._held(name)
        if number == self._fail_at and self._when == "before":
            raise self._error(name)
        result = effect()
        if number == self._fail_at and self._when == "after":
            raise self._error(name)
        await self._others()
        return result

    async def _others(self) -> None:
        for _ in range(self._random.randrange(4) if self._random else 0):
            await asyncio.sleep(0)

    async def _held(self, name: str) -> None:
        for hold in self._holds:
            if hold.name == name and not hold.reached.is_set():
                hold.reached.set()
                await hold.released.wait()
                return
