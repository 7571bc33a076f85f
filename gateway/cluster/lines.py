"""Lines: a stream of bytes cut at its newlines, wherever its chunks begin and end. Decodes nothing."""


class Lines:
    """`limit`: bytes that one line may have."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._pieces: list[bytes] = []  # joined once, however many chunks a long line comes in
        self._size = 0

    def feed(self, chunk: bytes) -> list[bytes]:
        """The lines that end in this chunk, without blank ones. Raises ValueError above the limit."""
        first, *others = chunk.split(b"\n")
        self._size += len(first)
        if self._size > self._limit:
            raise ValueError(f"a line is longer than {self._limit:,} bytes")
        self._pieces.append(first)
        if not others:
            return []
        *whole, rest = others
        lines = [b"".join(self._pieces), *whole]
        self._pieces, self._size = [rest], len(rest)
        return [line for line in lines if line.strip()]
