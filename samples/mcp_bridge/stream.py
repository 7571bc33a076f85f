"""Messages on their way to one HTTP response. Knows neither HTTP nor processes; bounded, and closed by either end."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable


class Stream:
    """`put` from one side, `lines` on the other. More than `capacity` bytes unread: `overflow` is called, once."""

    def __init__(self, capacity: int, overflow: Callable[[], None]) -> None:
        self._capacity = capacity
        self._overflow = overflow
        self._lines: deque[bytes] = deque()
        self._size = 0
        self._more = asyncio.Event()
        self.open = True

    def put(self, line: bytes) -> bool:
        """False: the stream is closed, the line was not taken."""
        if not self.open:
            return False
        self._lines.append(line)
        self._size += len(line)
        self._more.set()
        if self._size > self._capacity and len(self._lines) > 1:
            # The reader has stopped reading. Waiting for it would hold up every other stream of the session.
            self._lines.clear()
            self.close()
            self._overflow()
        return True

    def close(self) -> None:
        """Nothing more is taken; what was taken is still read."""
        self.open = False
        self._more.set()

    async def lines(self, every: float) -> AsyncIterator[bytes | None]:
        """The lines in order, until closed; None whenever there was nothing for `every` seconds."""
        while True:
            while self._lines:
                line = self._lines.popleft()
                self._size -= len(line)
                yield line
            if not self.open:
                return
            self._more.clear()
            try:
                await asyncio.wait_for(self._more.wait(), every)
            except TimeoutError:
                yield None
