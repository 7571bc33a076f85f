"""Turns: what becomes of callers that come too often. How often that is, `gateway.rates` counts.

Whoever finds out what a server speaks waits for his turn instead of being refused: clients take a refusal there for a
server of an earlier revision, and stay with that.
"""

import asyncio
from collections import Counter
from math import ceil

from gateway.errors import TooManyRequests
from gateway.identity import Principal
from gateway.rates import Rates
from proxy.request import Request
from proxy.sessions import given
from proxy.settings import Settings

WAITERS = 1024
WAITERS_EACH = 64  # one caller must not take all places
_DISCOVER = b"server/discover"


class Turns:
    """The turns of one process's callers."""

    def __init__(self, rates: Rates, patience: float) -> None:
        """`patience`: how many seconds a request may wait."""
        self._rates = rates
        self._patience = patience
        self._waiting: Counter[str] = Counter()
        self._places = WAITERS

    async def take(self, request: Request, caller: Principal) -> None:
        """Returns when it is the caller's turn. Raises TooManyRequests."""
        wait = self._rates.take(caller.id)
        if not wait:
            return
        if not _begins(request) or not self._has_room(caller):
            raise _too_many(wait)
        wait = self._rates.take(caller.id, self._patience)
        if wait > self._patience:
            raise _too_many(wait)
        self._enter(caller.id)
        try:
            await asyncio.sleep(wait)
        finally:
            self._leave(caller.id)

    def take_now(self, caller: Principal) -> bool:
        """Whether it is the caller's turn at once; else none was taken."""
        return not self._rates.take(caller.id)

    def _has_room(self, caller: Principal) -> bool:
        return self._places > 0 and self._waiting[caller.id] < WAITERS_EACH

    def _enter(self, id: str) -> None:
        self._places -= 1
        self._waiting[id] += 1

    def _leave(self, id: str) -> None:
        self._places += 1
        self._waiting[id] -= 1
        if not self._waiting[id]:
            del self._waiting[id]


def turns(settings: Settings) -> Turns | None:
    """The turns that the settings allow; None where callers may come as often as they like."""
    if not settings.rate:
        return None
    burst = settings.burst or 2 * settings.rate
    rates = Rates(settings.rate / settings.replicas, max(1.0, burst / settings.replicas))
    return Turns(rates, settings.hold_seconds)


def _begins(request: Request) -> bool:
    """Whether a client finds out with this request what the server speaks: `server/discover`, or a POST without a session,
    for the body, which would say `initialize`, is not read here."""
    head = request.head
    if head.method != "POST" or head.place is None or head.place.place not in ("adapter", "router"):
        return False
    if head.fields.modern:
        return head.fields.once.get(b"mcp-method") == _DISCOVER
    return not given(head)[0]


def _too_many(wait: float) -> TooManyRequests:
    seconds = max(1, ceil(wait))
    return TooManyRequests("Too many requests: slow down.", headers={"Retry-After": str(seconds)})
