"""The contract of the catalog: what the data plane may route to, in memory, without a question to anyone.

Fed by list+watch on a cluster (`gateway.cluster`) and by the supervisor locally (`local`). The view both keep is `gateway.view`.
"""

import asyncio
from collections.abc import Callable, Iterable, Sequence
from random import random
from typing import Protocol

import msgspec

from gateway.card import Card
from gateway.records import Listed

# After which instances that took no connection are tried again: not every cause is news to a catalog.
AGAIN_SECONDS = 0.5

type Listener = Callable[[Listed, str], None]
type Cancel = Callable[[], None]


class Instance(msgspec.Struct, frozen=True):
    """One running copy. `uid` is new with every start that loses its sessions: sessions are bound to it, not to the address.

    `ready` takes new sessions; one that is not (it terminates) still serves those it has.
    """

    uid: str
    host: str
    port: int
    ready: bool = True


class Listing(msgspec.Struct, frozen=True):
    """An adapter, a tool or a service of our own, with its instances at this moment."""

    card: Card
    instances: tuple[Instance, ...] = ()


class Catalog(Protocol):
    """A view that others feed. `get` and `tools` are synchronous and do no I/O."""

    @property
    def synced(self) -> bool:
        """Whether the view was complete at least once; readiness waits for it."""
        ...

    def get(self, kind: Listed, name: str) -> Listing | None:
        """The listing of a name, or None."""
        ...

    def tools(self) -> Iterable[Listing]:
        """Every tool, ready or not, in the order of their names."""
        ...

    def changes(self, listener: Listener) -> Cancel:
        """Calls `listener(kind, name)` in the event loop after each change of that name, until cancelled."""
        ...


def two_of(instances: Sequence[Instance]) -> tuple[Instance, Instance]:
    """Two different ones of at least two, picked at random: taking the less loaded of them needs no look at the others."""
    first = int(random() * len(instances))  # noqa: S311 (spreads load, guards nothing)
    second = (first + 1 + int(random() * (len(instances) - 1))) % len(instances)  # noqa: S311 (as above)
    return instances[first], instances[second]


async def until(
    catalog: Catalog, kind: Listed, name: str, accept: Callable[[Listing | None], bool], seconds: float
) -> Listing | None:
    """The listing of a name as soon as it is accepted, at the latest after `seconds`: then as it is, accepted or not."""
    listing = catalog.get(kind, name)
    if accept(listing) or seconds <= 0:
        return listing
    changed = asyncio.Event()

    def wake(changed_kind: Listed, changed_name: str) -> None:
        if changed_name == name and changed_kind == kind:
            changed.set()

    cancel = catalog.changes(wake)
    try:
        async with asyncio.timeout(seconds):
            while not accept(listing := catalog.get(kind, name)):
                changed.clear()
                await changed.wait()
    except TimeoutError:
        listing = catalog.get(kind, name)
    finally:
        cancel()
    return listing
