"""Shelf: the tools' cards by name, in order; tells of changed cards, never of instances that come and go. Asks nobody's rights."""

from collections.abc import Callable

from msgspec import UNSET

from gateway.card import Card
from gateway.catalog import Cancel, Catalog
from gateway.records import Listed

type OnChange = Callable[[str, Card | None, Card | None], None]


class Shelf:
    """A view of a catalog. `version` rises with every change of a card."""

    def __init__(self, catalog: Catalog) -> None:
        self.version = 0
        self._catalog = catalog
        self._cards = {listing.card.name: listing.card for listing in catalog.tools()}
        self._definitions = {name: bytes(card.tool) for name, card in self._cards.items() if card.tool is not UNSET}
        self._sorted: list[Card] | None = None
        self._listeners: list[OnChange] = []
        self._cancel: Cancel = catalog.changes(self._changed)

    def get(self, name: str) -> Card | None:
        """The card of a tool, or None."""
        return self._cards.get(name)

    def cards(self) -> list[Card]:
        """Every card with a definition, by name."""
        if self._sorted is None:
            self._sorted = [self._cards[name] for name in sorted(self._cards) if self._cards[name].tool is not UNSET]
        return self._sorted

    def definition(self, name: str) -> bytes:
        """A tool's definition; the same object however often it is asked for, so that a thousand lists hold it once."""
        return self._definitions[name]

    def on_change(self, listener: OnChange) -> None:
        """Calls `listener(name, before, now)` after each change of a card."""
        self._listeners.append(listener)

    def close(self) -> None:
        """Hears of nothing any more."""
        self._cancel()

    def _changed(self, kind: Listed, name: str) -> None:
        if kind != "tool":
            return
        listing = self._catalog.get("tool", name)
        before, now = self._cards.get(name), listing.card if listing else None
        if before is now or before == now:
            return
        self._definitions.pop(name, None)
        if now is None:
            del self._cards[name]
        else:
            self._cards[name] = now
            if now.tool is not UNSET:
                self._definitions[name] = bytes(now.tool)
        self.version += 1
        self._sorted = None
        for listener in self._listeners:
            listener(name, before, now)
