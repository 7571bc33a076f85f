"""Memory: callers by the header that proved them: a token is verified once. Bounded; the least asked for goes first.

By the whole header and not by the token in it: whoever keeps a head keeps that text, and its hash with it.
"""

from collections import OrderedDict

from gateway.identity import Principal

COUNT = 10_000
SIZE = 16 * 1024 * 1024  # bytes of headers


class Memory:
    """Headers with tokens in clear, for as long as they are good. Times are in seconds since 1970."""

    def __init__(self, count: int = COUNT, size: int = SIZE) -> None:
        self._count = count
        self._room = size
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, sent: str, now: float) -> Principal | None:
        """The caller whom this header proves, still."""
        known = self._known.get(sent)
        if known is None:
            return None
        until, caller = known
        if now >= until:
            self._forget(sent)
            return None
        self._known.move_to_end(sent)
        return caller

    def put(self, sent: str, caller: Principal, until: float) -> None:
        """Remembers a caller until then, or until there is no room."""
        if sent in self._known:
            self._forget(sent)
        self._known[sent] = (until, caller)
        self._room -= len(sent)
        while len(self._known) > self._count or self._room < 0:
            self._forget(next(iter(self._known)))

    def clear(self) -> None:
        """Forgets everybody."""
        for sent in list(self._known):
            self._forget(sent)

    def _forget(self, sent: str) -> None:
        del self._known[sent]
        self._room += len(sent)
