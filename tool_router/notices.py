"""Notices: who is to hear that the list of tools changed, and when: at once, then at most every so often, and never in vain.

A listener hears of a change only where its caller's own list changed: a definition, or the right to call it. Writes to nobody.
"""

import asyncio
from collections.abc import Callable

from msgspec import UNSET

from gateway.access import may_call
from gateway.card import Card
from gateway.identity import Principal
from tool_router.audience import Audience, Likeness
from tool_router.shelf import Shelf

type Cancel = Callable[[], None]
type Changes = dict[str, Card | None]  # a name, and its card before


class Notices:
    """Of one router. `seconds`: the least time between two notices to one listener."""

    def __init__(self, shelf: Shelf, seconds: float) -> None:
        self._shelf = shelf
        self._seconds = seconds
        self._listeners: dict[object, _Listener] = {}
        self._changes: Changes = {}
        self._soon: asyncio.Handle | None = None
        shelf.on_change(self._changed)

    def listen(self, caller: Principal, tell: Callable[[], None]) -> Cancel:
        """Calls `tell` when the caller's list changed, until cancelled."""
        token = object()
        listener = self._listeners[token] = _Listener(caller, tell, self._shelf, self._seconds)

        def cancel() -> None:
            self._listeners.pop(token, None)
            listener.close()

        return cancel

    def close(self) -> None:
        """Tells nobody any more."""
        if self._soon is not None:
            self._soon.cancel()
            self._soon = None
        for listener in self._listeners.values():
            listener.close()
        self._listeners.clear()

    def _changed(self, name: str, before: Card | None, now: Card | None) -> None:
        del now
        self._changes.setdefault(name, before)
        if self._soon is None:  # what changes together is told together
            self._soon = asyncio.get_running_loop().call_soon(self._tell)

    def _tell(self) -> None:
        changes, self._changes, self._soon = self._changes, {}, None
        nows = [card for name in changes if (card := self._shelf.get(name))]
        audience = Audience([*nows, *(card for card in changes.values() if card)])
        known: dict[Likeness, bool] = {}
        for listener in list(self._listeners.values()):
            likeness = audience.likeness(listener.caller)
            concerned = known.get(likeness)
            if concerned is None:
                concerned = known[likeness] = _differs(listener.caller, changes, self._shelf)
            if concerned:
                listener.take(changes)


class _Listener:
    """One who listens: what changed since it was told last, and the timer until it may be told again."""

    __slots__ = ("_changes", "_next", "_seconds", "_shelf", "_tell", "_timer", "caller")

    def __init__(self, caller: Principal, tell: Callable[[], None], shelf: Shelf, seconds: float) -> None:
        self.caller = caller
        self._tell = tell
        self._shelf = shelf
        self._seconds = seconds
        self._changes: Changes = {}
        self._next = 0.0
        self._timer: asyncio.TimerHandle | None = None

    def take(self, changes: Changes) -> None:
        """Tells of changes now, or when it is time."""
        for name, before in changes.items():
            self._changes.setdefault(name, before)
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        if loop.time() >= self._next:
            self._now()
        else:
            self._timer = loop.call_at(self._next, self._now)

    def close(self) -> None:
        """Is told nothing any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _now(self) -> None:
        self._timer = None
        changes, self._changes = self._changes, {}
        if _differs(self.caller, changes, self._shelf):  # what came and went meanwhile is no change
            self._next = asyncio.get_running_loop().time() + self._seconds
            self._tell()


def _differs(caller: Principal, changes: Changes, shelf: Shelf) -> bool:
    return any(_seen(caller, before) != _seen(caller, shelf.get(name)) for name, before in changes.items())


def _seen(caller: Principal, card: Card | None) -> bytes | None:
    """What of a card stands in the caller's list."""
    if card is None or card.tool is UNSET or not may_call(caller, card):
        return None
    return bytes(card.tool)
