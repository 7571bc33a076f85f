"""Backoff: how long to wait before a process that ended is started again. Pure; knows no clock."""

FIRST, LONGEST = 0.2, 30.0  # seconds; the very first restart comes at once
HEALTHY = 10.0  # seconds alive after which an end counts as the first again


class Backoff:
    """0, then 0.2 s doubling to 30 s; from the beginning again after a run of 10 s."""

    def __init__(self) -> None:
        self._ends = 0

    def pause(self, alive: float) -> float:
        """Seconds to wait after a run that lasted `alive` seconds."""
        self._ends = 1 if alive >= HEALTHY else self._ends + 1
        return 0.0 if self._ends == 1 else min(FIRST * 2 ** min(self._ends - 2, 16), LONGEST)
