"""Ports for instances, from a range of the supervisor's own: no two instances share one, and none that is in use is given."""

import random
from collections.abc import Generator
from contextlib import contextmanager

from local.listening import taken

# Below what Linux hands out for outgoing connections (32768) and Kubernetes for node ports (30000).
RANGE = range(20000, 30000)


class NoPort(Exception):
    """Every port of the range is in use."""


class Ports:
    """Leases. The start is random, so that two gateways on one machine seldom look at the same port; and each goes round
    the range, so that a port just given back rests."""

    def __init__(self, ports: range = RANGE) -> None:
        self._ports = ports
        self._next = random.randrange(len(ports))  # noqa: S311 - nothing is guarded by it
        self._leased: set[int] = set()

    @contextmanager
    def lease(self) -> Generator[int]:
        """A port that nobody else gets while the block runs. Raises NoPort."""
        port = self._free()
        self._leased.add(port)
        try:
            yield port
        finally:
            self._leased.discard(port)

    def _free(self) -> int:
        for _ in self._ports:
            port = self._ports[self._next % len(self._ports)]
            self._next += 1
            if port not in self._leased and not taken(port):
                return port
        raise NoPort(f"all ports from {self._ports.start} to {self._ports.stop - 1} are in use")
