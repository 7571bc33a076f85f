"""Reconcile: brings what runs in line with the records, once. Has no clock of its own: whoever calls `once` decides how often.

Two at once do no harm: every write of the deployer is fenced, every write to the store is conditional.
"""

import logging
from collections.abc import Awaitable, Callable

import msgspec

from functions.deployer import Deployer, Owned
from functions.lifecycle import Lifecycle
from gateway.records import Kind, Record, is_buried, kind_of
from gateway.store import Store, Versioned

# Seconds. What is younger may be the work of a request that is still under way.
YOUNG = 120.0

type _Key = tuple[Kind, str, str]

_log = logging.getLogger(__name__)


class Actions(msgspec.Struct):
    """What one round did. `healed` was missing, older or not whole; `finished` are deletions; `failed` are left for the next."""

    healed: int = 0
    finished: int = 0
    removed: int = 0
    young: int = 0
    failed: int = 0


class Reconcile:
    """Compares records with objects, and makes the objects follow."""

    def __init__(self, store: Store[Record], deployer: Deployer, *, young_seconds: float = YOUNG) -> None:
        self._store = store
        self._deployer = deployer
        self._lifecycle = Lifecycle(store, deployer)
        self._young = young_seconds

    async def once(self) -> Actions:
        """One round. A record or object that fails is logged and counted; raises only where nothing could be listed."""
        actions = Actions()
        # Objects before records: an object seen here had its record written before, so a missing one means deleted.
        live = {_key(owned): owned for owned in await self._deployer.owned()}
        records: dict[_Key, Versioned[Record]] = {
            (kind_of(v.record), v.record.name, v.record.uid): v for v in await self._store.all()
        }
        for key, found in records.items():
            await self._guarded(actions, key, lambda f=found, k=key: self._follow(actions, f, live.get(k)))
        for key, owned in live.items():
            if key not in records:
                await self._guarded(actions, key, lambda o=owned: self._remove(actions, o))
        return actions

    async def _guarded(self, actions: Actions, key: _Key, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Exception:  # noqa: BLE001 - one bad record must not stop the others
            actions.failed += 1
            _log.exception("could not reconcile %s %s (%s)", *key)

    async def _follow(self, actions: Actions, found: Versioned[Record], live: Owned | None) -> None:
        if is_buried(found.record):
            await self._lifecycle.finish(found)
            actions.finished += 1
        elif live is None or live.generation < found.record.generation or not live.whole:
            await self._heal(actions, found)

    async def _heal(self, actions: Actions, found: Versioned[Record]) -> None:
        # Read again: a record deleted since the list must not come back to life.
        now = await self._store.get(found.record.id)
        if now is not None and now.etag == found.etag:
            await self._lifecycle.settle(found.record)
            actions.healed += 1

    async def _remove(self, actions: Actions, owned: Owned) -> None:
        if owned.age < self._young:
            actions.young += 1
            return
        found = await self._store.get(owned.name)
        if found is not None and _key(owned) == (kind_of(found.record), found.record.name, found.record.uid):
            return  # it has a record after all
        await self._deployer.remove(owned.kind, owned.name, owned.uid)
        actions.removed += 1


def _key(owned: Owned) -> _Key:
    return owned.kind, owned.name, owned.uid
