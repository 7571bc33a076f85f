"""Waiting: asking again until the answer is the one that was waited for, bounded, and with a word now and then. Knows no question."""

import asyncio
from collections.abc import Awaitable, Callable

import msgspec


class TooLate(Exception):
    """It did not come in time; the message says what, and how the last attempt ended."""


class Patience(msgspec.Struct, frozen=True, kw_only=True):
    """In seconds: for how long, between two attempts, and between two words about it."""

    seconds: float
    pause: float = 5.0
    word: float = 30.0


async def until(what: str, ask: Callable[[], Awaitable[str]], patience: Patience, say: Callable[[str], None]) -> None:
    """`ask` returns nothing once it is so, and else how it stands. Raises TooLate, and whatever `ask` raises."""
    loop = asyncio.get_running_loop()
    started = said = loop.time()
    while stands := await ask():
        now = loop.time()
        if now - started >= patience.seconds:
            raise TooLate(f"{what}: not within {patience.seconds:.0f} s; last: {stands}")
        if now - said >= patience.word:
            said = now
            say(f"{what}: waiting for {now - started:.0f} s; {stands}")
        await asyncio.sleep(patience.pause)
