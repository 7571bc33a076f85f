"""Affinity: which instance takes a request that no session binds, and the wait for one to be ready. Sends nothing."""

import hashlib
from collections.abc import Callable

from gateway.card import ROUTER, Card
from gateway.catalog import AGAIN_SECONDS, Catalog, Instance, Listing, two_of, until
from gateway.errors import NotFound, Unavailable
from gateway.records import Listed
from gateway.telemetry.counters import Counters

RETRY_SECONDS = 5
_OURS = {ROUTER: "The tool router"}
_FORGOTTEN_AFTER = 10_000  # choices; an idle instance not chosen for that long has no history worth keeping


class Load:
    """What one instance has to do: requests in flight, and when it was chosen last, counted in choices."""

    __slots__ = ("in_flight", "turn")

    def __init__(self) -> None:
        self.in_flight = 0
        self.turn = 0


class Affinity:
    """Chooses among the ready instances of one gateway process."""

    def __init__(self, catalog: Catalog, counters: Counters) -> None:
        self._catalog = catalog
        self._counters = counters
        self._loads: dict[str, Load] = {}
        self._turn = 0

    def load(self, uid: str) -> Load:
        """The load of an instance, to be counted up and down by whoever sends to it."""
        found = self._loads.get(uid)
        if found is None:
            found = self._loads[uid] = Load()
        return found

    def choose(self, listing: Listing, key: str | None, tried: frozenset[str]) -> Instance | None:
        """A ready instance not tried before: of one `key` always the same one; without a key one with less to do.

        Raises Unavailable for an adapter that is stopped.
        """
        if listing.card.replicas == 0:
            raise _unavailable(_vain(listing.card) or "")
        ready = [instance for instance in listing.instances if instance.ready and instance.uid not in tried]
        if not ready:
            return None
        if len(ready) == 1:
            return ready[0]
        return self._lighter(ready) if key is None else _rendezvous(ready, key)

    async def hold(self, kind: Listed, name: str, refused: Listing | None, seconds: float) -> Listing:
        """Waits for an instance to be ready; where all of `refused` took no connection, for another listing or a moment.

        Raises Unavailable after `seconds`, or as soon as waiting is vain; NotFound where the adapter goes (what is the
        gateway's own comes back).
        """

        def decided(listing: Listing | None) -> bool:
            if listing is None:
                return kind != "platform"
            return _vain(listing.card) is not None or (listing is not refused and _any_ready(listing))

        self._counters.held += 1
        try:
            return await self._held(kind, name, refused, seconds, decided)
        except Unavailable:
            self._counters.expired += 1
            raise

    async def _held(
        self,
        kind: Listed,
        name: str,
        refused: Listing | None,
        seconds: float,
        decided: Callable[[Listing | None], bool],
    ) -> Listing:
        if refused is not None and seconds > AGAIN_SECONDS:
            if await until(self._catalog, kind, name, decided, AGAIN_SECONDS) is refused and _any_ready(refused):
                return refused
            seconds -= AGAIN_SECONDS
        listing = await until(self._catalog, kind, name, decided, seconds)
        if listing is None:
            raise _unavailable(f"{_called(kind, name)} is not there.") if kind == "platform" else _gone(kind)
        if (why := _vain(listing.card)) is not None:
            raise _unavailable(why)
        if listing is refused or not _any_ready(listing):
            raise _unavailable(f"{_called(kind, name)} is not ready: no instance of it takes requests now.")
        return listing

    def forget(self) -> None:
        """Drops what is known of instances that have not been chosen for long. Called now and then."""
        oldest = max(self._turn - _FORGOTTEN_AFTER, 1)  # 0: never chosen among several
        for uid in [uid for uid, load in self._loads.items() if not load.in_flight and load.turn < oldest]:
            del self._loads[uid]

    def _lighter(self, ready: list[Instance]) -> Instance:
        """The less loaded of two picked at random; of equals the one that waited longer, so that none stays without."""
        first, second = two_of(ready)
        one, other = self.load(first.uid), self.load(second.uid)
        better = (one.in_flight, one.turn) <= (other.in_flight, other.turn)
        self._turn += 1
        (one if better else other).turn = self._turn
        return first if better else second


def _unavailable(why: str) -> Unavailable:
    return Unavailable(why, retry_after=RETRY_SECONDS)


def _gone(kind: Listed) -> NotFound:
    return NotFound(f"There is no such {kind} any more.")


def _called(kind: Listed, name: str) -> str:
    """The subject of a sentence about it."""
    return _OURS.get(name, name) if kind == "platform" else f"`{name}`"


def _vain(card: Card) -> str | None:
    if card.state == "failed":
        return f"{_called(card.kind, card.name)} cannot start: {card.reason or 'no reason is known'}."
    if card.replicas == 0:
        return f"{_called(card.kind, card.name)} is stopped (replicaCount 0)."
    return None


def _any_ready(listing: Listing) -> bool:
    return any(instance.ready for instance in listing.instances)


def _rendezvous(ready: list[Instance], key: str) -> Instance:
    """The highest of the hashes of (key, instance): every replica agrees, and only a lost instance's keys move."""
    hashed = hashlib.blake2b(key.encode("utf-8", "surrogateescape"), digest_size=32).digest()
    return max(ready, key=lambda it: hashlib.blake2b(it.uid.encode(), key=hashed, digest_size=8).digest())
