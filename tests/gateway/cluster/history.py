"""History: all states that each object of a World ever had, and a listener that holds a catalog against them."""

from itertools import product
from typing import Any

from gateway.card import Card
from gateway.catalog import Catalog, Instance
from gateway.records import Listed
from tests.gateway.cluster.api_server import SERVICES, SLICES
from tests.gateway.cluster.world import World, card_on, instances_on, where

type Seen = tuple[Card, tuple[Instance, ...]] | None


class History:
    """Of some names, from now on."""

    def __init__(self, world: World, names: list[tuple[Listed, str]], slices: int) -> None:
        self._world = world
        self._names = names
        self._slices = slices
        self._cards: dict[tuple[Listed, str], list[Card | None]] = {name: [None] for name in names}
        self._endpoints: dict[tuple[Listed, str, int], list[dict[str, Any] | None]] = {}
        self._note()
        world.server.changed = self._note

    def had_card(self, kind: Listed, name: str, card: Card | None) -> bool:
        """Whether the Service ever bore this."""
        return card in self._cards[kind, name]

    def had_instances(self, kind: Listed, name: str, instances: tuple[Instance, ...]) -> bool:
        """Whether its slices, each as it was at some time, ever made this."""
        pasts = [_distinct(self._endpoints[kind, name, number]) for number in range(self._slices)]
        return any(instances_on([it for it in slices if it]) == instances for slices in product(*pasts))

    def _note(self) -> None:
        """Remembers how everything is now."""
        for kind, name in self._names:
            namespace, service = where(kind, name)
            self._cards[kind, name].append(card_on(self._world.server.get(namespace, SERVICES).get(service)))
            for number in range(self._slices):
                slice = self._world.server.get(namespace, SLICES).get(f"{service}-{number}")
                self._endpoints.setdefault((kind, name, number), [None]).append(slice)


class Witness:
    """Hears every change of a catalog; `complaints` is what should not have been."""

    def __init__(self, catalog: Catalog, history: History) -> None:
        self.complaints: list[str] = []
        self._catalog = catalog
        self._history = history
        self._last: dict[tuple[Listed, str], Seen] = {}
        self._generations: dict[tuple[Listed, str], int] = {}
        catalog.changes(self._heard)

    def _heard(self, kind: Listed, name: str) -> None:
        listing = self._catalog.get(kind, name)
        seen: Seen = (listing.card, listing.instances) if listing else None
        if seen == self._last.get((kind, name)):
            self.complaints.append(f"{name}: told of nothing new: {seen}")
        self._last[kind, name] = seen
        if not self._history.had_card(kind, name, seen[0] if seen else None):
            self.complaints.append(f"{name}: never had the card {seen}")
        if seen is None:
            return
        if not self._history.had_instances(kind, name, seen[1]):
            self.complaints.append(f"{name}: never had these instances: {seen[1]}")
        if seen[0].generation < self._generations.get((kind, name), 0):
            self.complaints.append(f"{name}: back to generation {seen[0].generation}")
        self._generations[kind, name] = seen[0].generation


def _distinct(states: list[dict[str, Any] | None]) -> list[dict[str, Any] | None]:
    distinct: list[dict[str, Any] | None] = []
    for state in states:
        if state not in distinct:
            distinct.append(state)
    return distinct
