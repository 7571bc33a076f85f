"""Stream: an open answer in chunks of server-sent events, read one event at a time. Every wait is bounded."""

import asyncio
import json
from typing import Any

from tests.proxy.wire import Connection, Reply


class Stream:
    """`comments` counts those passed over so far; `head` is the reply's."""

    def __init__(self, connection: Connection, head: Reply) -> None:
        self.connection = connection
        self.head = head
        self.comments = 0
        self.lines: list[str] = []
        self._left = b""

    async def event(self) -> Any:
        """The data of the next event; None at the end that the framing promises. Raises IncompleteReadError where it is cut."""
        while (block := await self._block()) is not None:
            self.lines = block.split("\n")
            if data := [line.removeprefix("data: ") for line in self.lines if line.startswith("data: ")]:
                assert self.lines[0] == "event: message"
                assert len(data) == len(self.lines) - 1, "nothing but data lines follow"
                return json.loads("\n".join(data))
            assert block.strip() == ":", block
            self.comments += 1
        return None

    async def comment(self) -> None:
        """Returns with the next comment; fails where an event comes first."""
        block = await self._block()
        assert block is not None, "the stream ended"
        assert block.strip() == ":", block
        self.comments += 1

    async def nothing(self, seconds: float) -> bool:
        """Whether no event comes for so long; one that comes is lost."""
        try:
            async with asyncio.timeout(seconds):
                await self.event()
        except TimeoutError:
            return True
        return False

    async def _block(self) -> str | None:
        while b"\n\n" not in self._left:
            piece = await self.connection.chunk()
            if not piece:
                assert not self._left, "the last event is whole"
                return None
            self._left += piece
        block, _, self._left = self._left.partition(b"\n\n")
        return block.decode()
