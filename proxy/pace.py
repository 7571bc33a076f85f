"""Pace: whether a client's body comes too slowly for the time that it was waited for. Pure; times are in seconds."""

LEAST = 16_384  # bytes that must come, or the end of the body, within the time that a stall may last


class Pace:
    """The pace of one body. Time in which nobody waits for the client does not count: others may be slow, too."""

    __slots__ = ("_got", "_since", "_waited")

    def __init__(self) -> None:
        self._since = 0.0  # since when a piece is waited for; 0: none is
        self._waited = 0.0
        self._got = 0

    @property
    def is_due(self) -> bool:
        """Whether a piece is waited for."""
        return self._since > 0

    def wait(self, now: float) -> None:
        """A piece is waited for from now on."""
        self._since = now

    def got(self, now: float, size: int) -> None:
        """So many bytes came, and none are waited for any more."""
        self._waited += now - self._since
        self._since = 0.0
        self._got += size
        if self._got >= LEAST:
            self._waited, self._got = 0.0, 0

    def is_slow(self, now: float, most: float) -> bool:
        """Whether less than `LEAST` bytes came in `most` seconds of waiting."""
        return self.is_due and self._waited + now - self._since > most
