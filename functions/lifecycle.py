"""Lifecycle: record first, cluster second. The order of writes, and nothing of HTTP.

A record is created, replaced and buried (a tombstone) by one conditional write each; the deployer follows it.
Whatever is left undone by a crash at any line, `reconcile` finishes from the record.
"""

import logging
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from functions.deployer import CardNotChanged, Deployer, WorkloadNotChanged
from functions.quotas import Quotas
from functions.settings import Settings
from gateway.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from gateway.records import Kind, Record, is_buried, kind_of
from gateway.store import Store, Versioned

# How often a write begins again after somebody else's came in between.
_ATTEMPTS = 12

type Change = Callable[[Versioned[Record]], Record]

_log = logging.getLogger(__name__)


class Lifecycle:
    """Creates, replaces and deletes records, and makes the cluster follow."""

    def __init__(self, store: Store[Record], deployer: Deployer, quotas: Quotas | None = None) -> None:
        """`quotas` are shared by all who write for people; who only repairs needs none."""
        self._store = store
        self._deployer = deployer
        self._quotas = quotas or Quotas(store, Settings())

    async def get(self, kind: Kind, name: str) -> Versioned[Record]:
        """The record of that kind and name. Raises NotFound, for tombstones too."""
        found = await self._store.get(name)
        if found is None or kind_of(found.record) != kind or is_buried(found.record):
            raise NotFound(f"There is no {kind} `{name}`.")
        return found

    async def create(self, record: Record) -> Versioned[Record]:
        """Claims the name, then makes the cluster follow; where that fails the record says `status` Pending.

        Raises Conflict where the name is taken, by whatever kind, or still being deleted; Forbidden where a quota is used up.
        """
        etag = await self._claim(record)
        try:
            await self.settle(record)
        except (CardNotChanged, WorkloadNotChanged) as error:
            _log.warning("%s %s is pending: %s", kind_of(record), record.name, error.detail)
            record = msgspec.structs.replace(record, status="Pending")
        return Versioned(record, etag)

    async def replace(self, kind: Kind, name: str, change: Change) -> Versioned[Record]:
        """Writes `change(what is stored)`, then makes the cluster follow. `change` may be asked again, and may refuse.

        Raises NotFound; Forbidden where a quota is used up; Unavailable where the card, and so the rights, are still the old ones.
        """
        written = await self._exchange(kind, name, change)
        try:
            await self.settle(written.record)
        except WorkloadNotChanged as error:
            _log.warning("%s %s is behind its record: %s", kind, name, error.detail)
        except CardNotChanged as error:
            raise Unavailable(
                f"The {kind} is stored as you sent it, but the old rights are still in force: the platform could not be"
                f" told yet. It will be, without another request. ({error.detail})"
            ) from error
        return written

    async def delete(self, kind: Kind, name: str, allow: Callable[[Versioned[Record]], None]) -> None:
        """Buries the record, then removes what runs, then the record. `allow` may refuse.

        Raises NotFound; Unavailable while the thing is still reachable.
        """

        def bury(found: Versioned[Record]) -> Record:
            allow(found)
            now, record = datetime.now(UTC), found.record
            return msgspec.structs.replace(
                record, deleted_at=now, last_updated_at=now, generation=record.generation + 1
            )

        buried, _ = await self._rewrite(kind, name, bury)
        try:
            await self.finish(buried)
        except WorkloadNotChanged as error:
            _log.warning("%s %s is gone, its workload not yet: %s", kind, name, error.detail)
        except CardNotChanged as error:
            raise Unavailable(
                f"The {kind} is being deleted, but still reachable: the platform could not be told yet."
                f" It will be, without another request. ({error.detail})"
            ) from error

    async def settle(self, record: Record) -> None:
        """Makes the cluster follow the record, unless that was deleted meanwhile: then what was made is removed again.

        Raises CardNotChanged, WorkloadNotChanged.
        """
        try:
            await self._deployer.apply(record)
        except CardNotChanged:
            raise  # nothing was made
        except WorkloadNotChanged:
            await self._withdraw(record)
            raise
        await self._withdraw(record)

    async def finish(self, tombstone: Versioned[Record]) -> None:
        """Removes what is left of a deleted record, and at last the tombstone. May be repeated.

        Raises CardNotChanged, WorkloadNotChanged.
        """
        record = tombstone.record
        await self._deployer.remove(kind_of(record), record.name, record.uid)
        try:
            await self._store.remove(record.id, tombstone.etag)
        except PreconditionFailed:
            _log.info("%s: somebody else finished its deletion, and the name is in use again", record.name)

    async def _claim(self, record: Record) -> str:
        async with self._quotas.turn(record.created_by):
            await self._quotas.expect(record)
            try:
                etag = await self._store.add(record)
            except Conflict:
                raise await self._taken(record.name) from None
            try:
                await self._quotas.check(record)
            except Exception:
                await self._unclaim(record)
                raise
            return etag

    async def _unclaim(self, record: Record) -> None:
        """As a DELETE, for reconcile may have made something of it already."""

        def still(found: Versioned[Record]) -> None:
            if found.record.uid != record.uid:
                raise NotFound("Somebody else's, by now.")

        try:
            await self.delete(kind_of(record), record.name, still)
        except NotFound:
            return  # deleted meanwhile, by whomever
        except Exception:  # noqa: BLE001 - what it was refused for is what the caller must hear
            _log.exception("%s: over its creator's quota, and could not be taken back", record.name)

    async def _exchange(self, kind: Kind, name: str, change: Change) -> Versioned[Record]:
        creator = (await self.get(kind, name)).record.created_by if self._quotas.replicas_count else ""
        async with self._quotas.turn(creator):
            written, before = await self._rewrite(kind, name, change)
            try:
                await self._quotas.check(written.record, before)
            except Exception:
                await self._put_back(before, written)
                raise
            return written

    async def _put_back(self, before: Record, written: Versioned[Record]) -> None:
        """As it was, in a generation of its own: reconcile may have made something of the other already, and puts it right."""

        def again(found: Versioned[Record]) -> Record:
            now = found.record
            if now.uid != before.uid:
                raise NotFound("Somebody else's, by now.")
            # Whoever wrote over it meanwhile saw the replicas that were too many; the rest of theirs stays.
            kept = before if found.etag == written.etag else now
            count = min(now.replica_count, before.replica_count)
            return msgspec.structs.replace(kept, replica_count=count, generation=now.generation + 1)

        try:
            await self._rewrite(kind_of(before), before.name, again)
        except NotFound:
            return  # deleted meanwhile
        except Exception:  # noqa: BLE001 - what it was refused for is what the caller must hear
            _log.exception("%s: over its creator's quota, and could not be put back", before.name)

    async def _rewrite(self, kind: Kind, name: str, change: Change) -> tuple[Versioned[Record], Record]:
        """What is written now, and what was before."""
        for _ in range(_ATTEMPTS):
            found = await self.get(kind, name)
            record = change(found)
            await self._quotas.expect(record, found.record)
            try:
                return Versioned(record, await self._store.replace(record, found.etag)), found.record
            except (PreconditionFailed, NotFound):
                continue  # somebody else's write came in between: once more, from what is stored now
        raise Unavailable(f"The {kind} `{name}` is being changed by others all the time; try again.")

    async def _withdraw(self, record: Record) -> None:
        """A slow apply may come after a DELETE, and would bring back what that removed."""
        try:
            found = await self._store.get(record.id)
            if found is None or found.record.uid != record.uid or is_buried(found.record):
                await self._deployer.remove(kind_of(record), record.name, record.uid)
        except Exception:  # noqa: BLE001 - the write itself is done and must not seem to have failed
            _log.exception("%s: could not look whether it was deleted meanwhile; reconcile will", record.name)

    async def _taken(self, name: str) -> Conflict:
        found = await self._store.get(name)
        if found is not None and is_buried(found.record):
            return Conflict(f"name: `{name}` is being deleted; try again in a moment.", field="name")
        return Conflict(f"name: `{name}` is taken; adapters and tools share their names.", field="name")
