"""Waiting for a condition, bounded: the only way these tests pass time."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 20.0  # seconds; far longer than anything takes that works


async def until[T](
    look: Callable[[], Awaitable[T]], accept: Callable[[T], bool], seconds: float = PATIENCE, pause: float = 0.01
) -> T:
    """What `look` gives as soon as it is accepted. Raises AssertionError with the last look."""
    seen = await look()
    try:
        async with asyncio.timeout(seconds):
            while not accept(seen):
                await asyncio.sleep(pause)
                seen = await look()
    except TimeoutError:
        raise AssertionError(f"after {seconds} s still {seen!r}") from None
    return seen


async def holds(condition: Callable[[], bool], seconds: float = PATIENCE) -> None:
    """Returns as soon as the condition holds. Raises AssertionError."""

    async def look() -> bool:
        return condition()

    await until(look, bool, seconds)
