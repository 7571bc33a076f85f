"""Rates: how often each principal may come: a token bucket each, kept as one number. Waits for nobody, has no timer.

A bucket holds `burst` turns and is refilled by `rate` a second. It is kept as the moment at which it will be full again
(the generic cell rate algorithm), so an idle one is the same as none: forgetting it changes nothing.
"""

import time
from collections.abc import Callable

PRINCIPALS = 10_000


class Rates:
    """Of one process: whoever runs several divides `rate` and `burst` among them."""

    def __init__(
        self, rate: float, burst: float, clock: Callable[[], float] = time.monotonic, most: int = PRINCIPALS
    ) -> None:
        """`rate` in turns a second, above 0; `burst` in turns, at least 1; `clock` in seconds, never going back.

        At most `most` principals are remembered; of more, those that came first begin anew.
        """
        self._each = 1 / rate
        self._slack = (burst - 1) / rate
        self._clock = clock
        self._most = most
        self._full_at: dict[str, float] = {}
        self._sweep_at = 0.0

    def __len__(self) -> int:
        return len(self._full_at)

    def take(self, who: str, patience: float = 0.0) -> float:
        """Takes a turn if there will be one within `patience` seconds; returns the seconds until then.

        0: now. Up to `patience`: it is reserved, in the order of asking. More: nothing was taken, come back then.
        """
        now = self._clock()
        full_at = self._full_at.get(who, 0.0)
        if full_at <= now:
            if len(self._full_at) >= self._most:
                self._forget(now)
            self._full_at[who] = now + self._each
            return 0.0
        wait = full_at - now - self._slack
        if wait <= patience:
            self._full_at[who] = full_at + self._each
        return max(wait, 0.0)

    def _forget(self, now: float) -> None:
        """Drops the idle, not more often than one can become idle; if there are none, whoever came first."""
        if now >= self._sweep_at:
            self._sweep_at = now + self._slack + self._each
            self._full_at = {who: full_at for who, full_at in self._full_at.items() if full_at > now}
        while len(self._full_at) >= self._most:
            del self._full_at[next(iter(self._full_at))]
