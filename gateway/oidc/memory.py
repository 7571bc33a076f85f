"""Memory: callers by the bytes of the token that proved them: a token is verified once. Bounded; the least asked for goes first."""

from collections import OrderedDict

from gateway.identity import Principal

COUNT = 10_000
SIZE = 16 * 1024 * 1024  # bytes of tokens


class Memory:
    """Tokens in clear, for as long as they are good. Times are in seconds since 1970."""

    def __init__(self, count: int = COUNT, size: int = SIZE) -> None:
        self._count = count
        self._room = size
        self._known: OrderedDict[str, tuple[float, Principal]] = OrderedDict()

    def __len__(self) -> int:
        return len(self._known)

    def get(self, token: str, now: float) -> Principal | None:
        """The caller whom this token proves, still."""
        known = self._known.get(token)
        if known is None:
            return None
        until, caller = known
        if now >= until:
            self._forget(token)
            return None
        self._known.move_to_end(token)
        return caller

    def put(self, token: str, caller: Principal, until: float) -> None:
        """Remembers a caller until then, or until there is no room."""
        if token in self._known:
            self._forget(token)
        self._known[token] = (until, caller)
        self._room -= len(token)
        while len(self._known) > self._count or self._room < 0:
            self._forget(next(iter(self._known)))

    def clear(self) -> None:
        """Forgets everybody."""
        for token in list(self._known):
            self._forget(token)

    def _forget(self, token: str) -> None:
        del self._known[token]
        self._room += len(token)
