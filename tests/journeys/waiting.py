"""Waiting for a condition, bounded: the only way a journey passes time."""

import asyncio
from collections.abc import Awaitable, Callable

PATIENCE = 30.0  # seconds; longer than anything takes that works
GIVEN_UP = 180.0  # until a crash is taken for a failure: on a cluster three restarts, each later than the one before
_PAUSE = 0.02


async def until[T](look: Callable[[], Awaitable[T]], accept: Callable[[T], bool], seconds: float = PATIENCE) -> T:
    """What `look` gives as soon as it is accepted. Raises AssertionError with the last look after `seconds`."""
    deadline = asyncio.get_running_loop().time() + seconds
    while not accept(seen := await look()):
        assert asyncio.get_running_loop().time() < deadline, f"after {seconds} s still {seen!r}"
        await asyncio.sleep(_PAUSE)
    return seen
