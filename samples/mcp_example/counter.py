"""Counts calls, one count per key. Bounded: the key counted longest ago is forgotten. No MCP in here."""

from collections import OrderedDict


class Counter:
    def __init__(self, capacity: int) -> None:
        """`capacity`: how many keys are remembered."""
        self._capacity = capacity
        self._counts: OrderedDict[str, int] = OrderedDict()

    def count(self, key: str) -> int:
        """One more for this key; returns its count, from 1."""
        number = self._counts.pop(key, 0) + 1
        self._counts[key] = number
        if len(self._counts) > self._capacity:
            self._counts.popitem(last=False)
        return number
