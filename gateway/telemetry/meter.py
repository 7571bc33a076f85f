"""Meter: who counts what in this process, and what all of it comes to at a moment. Has no clock and sends nothing.

Several may count the same (two routers in one process): what they count is added up, of gauges the highest is told.
"""

from collections.abc import Callable, Iterable

from gateway.telemetry.counters import Histogram
from gateway.telemetry.instruments import Instrument
from gateway.telemetry.readings import Reading

type Read = Callable[[], Iterable[Reading]]
type Scopes = dict[str, list[Reading]]
type _Key = tuple[str, Instrument, tuple[tuple[str, str | int], ...]]
type _Value = int | float | Histogram


class Meter:
    """Of one process."""

    def __init__(self) -> None:
        self._watched: list[tuple[str, Read]] = []
        self._read: dict[_Key, _Value] = {}
        self._arrived: dict[_Key, _Value] = {}

    def watch(self, scope: str, read: Read) -> None:
        """`read` is called by the thread that exports, for as long as the process lives. `scope`: the room that counts."""
        self._watched.append((scope, read))

    def read(self, *, deltas: bool = False) -> Scopes:
        """All of it, by scope: since the start, or (`deltas`) since what arrived last."""
        now = self._read = self._added_up()
        told = {key: self._since(key, value) if deltas else value for key, value in now.items()}
        scopes: Scopes = {}
        for (scope, instrument, words), value in told.items():
            scopes.setdefault(scope, []).append(Reading(instrument, value, dict(words)))
        return scopes

    def arrived(self) -> None:
        """What was read last is where it belongs."""
        self._arrived = self._read

    def _added_up(self) -> dict[_Key, _Value]:
        found: dict[_Key, _Value] = {}
        for scope, read in list(self._watched):
            for one in read():
                key = (scope, one.instrument, tuple(one.words.items()))
                found[key] = _together(one.instrument, found[key], one.value) if key in found else one.value
        return found

    def _since(self, key: _Key, value: _Value) -> _Value:
        before = self._arrived.get(key)
        if before is None or key[1].kind in ("gauge", "updown"):
            return value
        if isinstance(value, Histogram):
            assert isinstance(before, Histogram), "one instrument has values of one kind"
            counts = [a - b for a, b in zip(value.counts, before.counts, strict=True)]
            return Histogram(counts, value.sum - before.sum)
        assert not isinstance(before, Histogram), "one instrument has values of one kind"
        return value - before


def _together(instrument: Instrument, one: _Value, other: _Value) -> _Value:
    if isinstance(one, Histogram):
        assert isinstance(other, Histogram), "one instrument has values of one kind"
        return Histogram([a + b for a, b in zip(one.counts, other.counts, strict=True)], one.sum + other.sum)
    assert not isinstance(other, Histogram), "one instrument has values of one kind"
    return max(one, other) if instrument.kind == "gauge" else one + other
