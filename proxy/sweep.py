"""Sweep: one timer for every client's connection. What it does to one, the connection knows."""

import asyncio
from collections.abc import Callable

from proxy.client import ClientConnection, Server

SWEEP_SECONDS = 1.0


class Sweep:
    """One timer for every connection: ends clients that are stuck, or that left while we did not read from them."""

    def __init__(self, server: Server, stall_seconds: float, also: Callable[[], None]) -> None:
        """`also` is called with every sweep."""
        self._server = server
        self._stall_seconds = stall_seconds
        self._also = also
        self._timer: asyncio.TimerHandle | None = None

    def start(self) -> None:
        """Sweeps from now on, once a second."""
        self._timer = asyncio.get_running_loop().call_later(SWEEP_SECONDS, self._sweep)

    def stop(self) -> None:
        """Sweeps no more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _sweep(self) -> None:
        now = asyncio.get_running_loop().time()
        for connection in self._server.connections:
            if isinstance(connection, ClientConnection):
                connection.sweep(now, self._stall_seconds)
        self._also()
        self.start()
