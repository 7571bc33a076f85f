"""Diary: what became of a call, written by the server that served it, for a later call to ask. In memory only."""

import asyncio


class Diary:
    """Entries under keys that the test chooses."""

    def __init__(self) -> None:
        self._entries: dict[str, list[str]] = {}
        self._written = asyncio.Condition()

    async def write(self, key: str, entry: str) -> None:
        """Adds an entry and wakes whoever waits for it."""
        self._entries.setdefault(key, []).append(entry)
        async with self._written:
            self._written.notify_all()

    async def until(self, key: str, entry: str, seconds: float) -> list[str]:
        """The entries of a key as soon as `entry` is among them, at the latest after `seconds`."""
        try:
            async with asyncio.timeout(seconds), self._written:
                await self._written.wait_for(lambda: entry in self._entries.get(key, []))
        except TimeoutError:
            pass  # the caller sees from the entries that it never came
        return list(self._entries.get(key, []))
