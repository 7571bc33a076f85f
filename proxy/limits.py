"""Limits: how large a body may be, and how long a client may be stuck. How large a head may be, the parser and `fields` see to."""

import asyncio
from collections.abc import Callable

from gateway.errors import TooLarge
from proxy.client import ClientConnection, Server
from proxy.request import Request

SWEEP_SECONDS = 1.0


def check_length(request: Request, limit: int) -> None:
    """Raises TooLarge for a body that says it is. One that does not say is counted as it comes."""
    check_size(request.length or 0, limit)


def check_size(size: int, limit: int) -> None:
    """Raises TooLarge above `limit` bytes."""
    if size > limit:
        raise TooLarge(f"A body may have {limit:,} bytes.")


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
