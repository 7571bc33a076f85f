"""View: the catalog's memory, which feeders write and the data plane reads. Starts no task and knows no source."""

from collections.abc import Iterable

from gateway.card import Card
from gateway.catalog import Cancel, Instance, Listener, Listing
from gateway.records import Listed


class View:
    """A Catalog. Cards and instances arrive separately and in any order; a name is listed once it has a card."""

    def __init__(self, *, synced: bool = False) -> None:
        self.synced = synced
        self._listings: dict[tuple[Listed, str], Listing] = {}
        self._instances: dict[tuple[Listed, str], tuple[Instance, ...]] = {}
        self._listeners: dict[object, Listener] = {}

    def get(self, kind: Listed, name: str) -> Listing | None:
        """The listing of a name, or None."""
        return self._listings.get((kind, name))

    def tools(self) -> Iterable[Listing]:
        """Every tool in the order of their names."""
        return [self._listings[key] for key in sorted(key for key in self._listings if key[0] == "tool")]

    def changes(self, listener: Listener) -> Cancel:
        """Calls `listener` after each change until cancelled."""
        token = object()
        self._listeners[token] = listener
        return lambda: void(self._listeners.pop(token, None))

    def put_card(self, card: Card) -> None:
        """Lists a card, or replaces the one of that name."""
        key: tuple[Listed, str] = (card.kind, card.name)
        self._write(key, Listing(card, self._instances.get(key, ())))

    def put_instances(self, kind: Listed, name: str, instances: Iterable[Instance]) -> None:
        """Replaces the instances of a name."""
        key: tuple[Listed, str] = (kind, name)
        self._instances[key] = tuple(instances)
        if listed := self._listings.get(key):
            self._write(key, Listing(listed.card, self._instances[key]))

    def drop(self, kind: Listed, name: str) -> None:
        """Forgets a name, its card and its instances. That it is unknown is not an error."""
        self._instances.pop((kind, name), None)
        if self._listings.pop((kind, name), None):
            self._tell((kind, name))

    def names(self) -> list[tuple[Listed, str]]:
        """Every listed name."""
        return list(self._listings)

    def _write(self, key: tuple[Listed, str], listing: Listing) -> None:
        if self._listings.get(key) != listing:
            self._listings[key] = listing
            self._tell(key)

    def _tell(self, key: tuple[Listed, str]) -> None:
        for listener in list(self._listeners.values()):
            listener(*key)


def void(_: object) -> None:
    """Turns a call with a result into one without."""
