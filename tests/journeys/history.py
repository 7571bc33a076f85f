"""History: what may have been true of some tools, and when, as seen by the one who changed them. Pure; no HTTP.

A change takes effect at some moment between its request and its answer (and `settle` seconds later, where it has to travel).
Therefore each state has a time in which it may have held, and at most times one alone did.
"""

from collections.abc import Collection, Iterator
from itertools import pairwise

import msgspec

ABSENT: frozenset[str] = frozenset()
ALWAYS = float("inf")


class _Change(msgspec.Struct):
    """From `begun` to `done` nobody knows; from then on `callers` may call."""

    begun: float
    callers: frozenset[str]
    done: float = ALWAYS


class History:
    """Of tools by name: who may call each."""

    def __init__(self, settle: float) -> None:
        self._settle = settle
        self._changes: dict[str, list[_Change]] = {}

    def names(self) -> Collection[str]:
        """Every tool there ever was."""
        return self._changes.keys()

    def change(self, name: str, callers: Collection[str], now: float) -> None:
        """A request is sent that lets `callers` call the tool, and nobody else."""
        before = self._changes.setdefault(name, [_Change(-ALWAYS, ABSENT, -ALWAYS)])
        before.append(_Change(now, frozenset(callers)))

    def changed(self, name: str, now: float) -> None:
        """Its answer is there."""
        self._changes[name][-1].done = now + self._settle

    def may_have_called(self, name: str, caller: str, start: float, end: float) -> bool:
        """Whether there may have been a moment, from `start` to `end`, when the caller could call the tool."""
        return any(caller in callers for callers in self._possible(name, start, end))

    def could_call_throughout(self, name: str, caller: str, start: float, end: float) -> bool:
        """Whether at no moment, from `start` to `end`, the caller can have been kept from it."""
        return all(caller in callers for callers in self._possible(name, start, end))

    def _possible(self, name: str, start: float, end: float) -> Iterator[frozenset[str]]:
        changes = self._changes.get(name, [_Change(-ALWAYS, ABSENT, -ALWAYS)])
        for change, following in pairwise([*changes, _Change(ALWAYS, ABSENT)]):
            if change.begun <= end and start <= following.done:
                yield change.callers
