"""Lines, out of bytes in whatever pieces they come. Pure; knows no JSON."""

from collections.abc import Iterator


class Lines:
    """`feed` it. A line longer than `limit` bytes is not kept: `overlong` is given in its place."""

    overlong = b"\n"  # which no line can be

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The lines that are complete now, without white space around them; none that is blank."""
        first, *others = chunk.split(b"\n")
        self._more(first)
        for part in others:
            if line := self.rest():
                yield line
            self._more(part)

    def rest(self) -> bytes:
        """What came since the last line end: after the end of the input a line as well."""
        line = self.overlong if self._size > self._limit else b"".join(self._parts).strip()
        self._parts.clear()
        self._size = 0
        return line

    def _more(self, part: bytes) -> None:
        self._size += len(part)
        if self._size > self._limit:
            self._parts.clear()
        elif part:
            self._parts.append(part)
