"""Reconcile: brings what runs in line with the records, once. Has no clock of its own: whoever calls `once` decides how often.

Two at once do no harm: every write of the deployer is fenced, every write to the store is conditional.
"""

import logging
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence

import msgspec
from msgspec.structs import astuple

from functions.deployer import Deployer, Owned
from functions.lifecycle import Lifecycle
from gateway.records import Kind, Record, is_buried, kind_of
from gateway.store import Store, Versioned
from gateway.telemetry import instruments as its
from gateway.telemetry.readings import Reading

# Seconds. What is younger may be the work of a request that is still under way.
YOUNG = 120.0

# What else follows the records, once a round is whole: it is given all that live.
type After = Callable[[Sequence[Record]], Awaitable[None]]

type _Key = tuple[Kind, str, str]

_log = logging.getLogger(__name__)


class Actions(msgspec.Struct):
    """What one round did. `healed` was missing, older or not whole; `finished` are deletions; `failed` are left for the next:
    records, objects, and what comes after them."""

    healed: int = 0
    finished: int = 0
    removed: int = 0
    young: int = 0
    failed: int = 0

    def __add__(self, other: "Actions") -> "Actions":
        return Actions(*(mine + others for mine, others in zip(astuple(self), astuple(other), strict=True)))


class Reconcile:
    """Compares records with objects, and makes the objects follow."""

    def __init__(
        self,
        store: Store[Record],
        deployer: Deployer,
        *,
        after: After | None = None,
        young_seconds: float = YOUNG,
    ) -> None:
        self._store = store
        self._deployer = deployer
        self._lifecycle = Lifecycle(store, deployer)
        self._after = after
        self._young = young_seconds
        self._rounds = self._failures = 0
        self._whole_at = 0.0
        self._all = Actions()

    def readings(self) -> Iterator[Reading]:
        """What the rounds so far did, for whoever exports that."""
        for result, rounds in (("ok", self._rounds), ("failed", self._failures)):
            yield Reading(its.ROUNDS, rounds, {"mcp_gateway.result": result})
        for action, count in msgspec.structs.asdict(self._all).items():
            yield Reading(its.ACTIONS, count, {"mcp_gateway.action": action})
        if self._rounds:
            yield Reading(its.ROUND_AGE, round(time.monotonic() - self._whole_at, 3))

    async def once(self) -> Actions:
        """One round. A record or object that fails is logged and counted; raises only where nothing could be listed."""
        actions = Actions()
        try:
            await self._round(actions)
        except Exception:
            self._failures += 1
            raise
        finally:
            self._all += actions
        self._rounds += 1
        self._whole_at = time.monotonic()
        return actions

    async def _round(self, actions: Actions) -> None:
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
        if self._after is not None:
            await self._followed(actions, self._after, [v.record for v in records.values() if not is_buried(v.record)])

    async def _guarded(self, actions: Actions, key: _Key, act: Callable[[], Awaitable[None]]) -> None:
        try:
            await act()
        except Exception:  # noqa: BLE001 - one bad record must not stop the others
            actions.failed += 1
            _log.exception("could not reconcile %s %s (%s)", *key)

    async def _followed(self, actions: Actions, after: After, living: Sequence[Record]) -> None:
        try:
            await after(living)
        except Exception:  # noqa: BLE001 - workloads are in line all the same; the next round tries again
            actions.failed += 1
            _log.exception("could not make everything else follow the records")

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
