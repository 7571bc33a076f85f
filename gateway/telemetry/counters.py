"""Counters: what the hot path may afford: plain numbers that it adds to. Exporters read; nothing here sends."""

from bisect import bisect_left

import msgspec

# Seconds, upper ends included (OpenTelemetry semantic conventions, "HTTP metrics", http.server.request.duration).
BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
SERIES = 512  # of one histogram; servers and clients choose words of their own
REST = ""  # what all further ones have for their words

type Key = tuple[str | int, ...]


class Histogram(msgspec.Struct, gc=False):
    """How many took how long: `counts` has one more than BOUNDS, for what is above the last; `sum` is in seconds."""

    counts: list[int]
    sum: float = 0.0


class Durations:
    """Histograms by a few words each, such as method and status."""

    __slots__ = ("_of",)

    def __init__(self) -> None:
        self._of: dict[Key, Histogram] = {}

    def add(self, key: Key, seconds: float) -> None:
        """Counts one."""
        of = self._of.get(key)
        if of is None:
            of = self._begun(key)
        of.counts[bisect_left(BOUNDS, seconds)] += 1
        of.sum += seconds

    def read(self) -> list[tuple[Key, Histogram]]:
        """Copies of all, made by whichever thread asks."""
        return [(key, Histogram(list(of.counts), of.sum)) for key, of in list(self._of.items())]

    def _begun(self, key: Key) -> Histogram:
        if len(self._of) >= SERIES:
            key = tuple(0 if isinstance(word, int) else REST for word in key)
        return self._of.setdefault(key, Histogram([0] * (len(BOUNDS) + 1)))


class Counters(msgspec.Struct):
    """Counts since the start of the process; an exporter reads them when it likes. Adding to one costs no call."""

    requests: int = 0
    direct: int = 0  # of these, the ones that needed no task
    streams: int = 0  # replies that are open now
    held: int = 0
    expired: int = 0  # of those held, the ones that no instance became ready for
    refused: int = 0
    failed: int = 0
    seals_refused: int = 0
    choices: int = 0
    sessions: int = 0  # begun
    sampled: int = 0  # requests whose caller asked for the trace to be recorded
    durations: Durations = msgspec.field(default_factory=Durations)
    """By what its owner says (`readings.of`)."""
