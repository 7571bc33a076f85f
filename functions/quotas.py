"""Quotas: how much of the cluster one creator may have, all their adapters and tools together. Counts, and writes nothing.

Without a service for locks this is what holds. Whoever has written counts once more, when the write is visible to all: of
writers at once the last to count sees every other, so together they never end above a quota; what was too much is taken back.
Before that, what was counted last keeps most refusals from writing anything. In one process those of one creator take turns,
so that one of two gets the last slot; two in different processes may both be refused, and may ask again. A process that dies
between writing and counting leaves what it wrote.

To count is to read the whole store, in chunks: about half a second for 5,000 records, once for each create and each raise.
"""

import asyncio
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from weakref import WeakValueDictionary

import msgspec

from functions.living import living
from functions.settings import Settings
from gateway.errors import Forbidden
from gateway.identity import comparable
from gateway.records import Record
from gateway.store import Store


class Quotas:
    """Per creator, whoever writes for them. A quota of 0 is none; without any, nothing is counted."""

    def __init__(self, store: Store[Record], settings: Settings) -> None:
        self._store = store
        self._records = settings.quota_records
        self._replicas = settings.quota_replicas
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._last: dict[str, Share] | None = None  # by creator, as it was counted last

    @property
    def replicas_count(self) -> bool:
        """Whether a PUT may be refused."""
        return self._replicas > 0

    @asynccontextmanager
    async def turn(self, creator: str) -> AsyncGenerator[None]:
        """Nobody else in this process counts and writes for this creator meanwhile."""
        if not (self._records or self._replicas):
            yield
            return
        turn = self._turns.setdefault(comparable(creator), asyncio.Lock())
        async with turn:
            yield

    async def expect(self, record: Record, before: Record | None = None) -> None:
        """As `check`, but where what was counted last leaves room, that is enough to go on."""
        if not self._counts(record, before):
            return
        if self._last is not None:
            known = self._last.get(comparable(record.created_by), _NOTHING)
            replicas = known.replicas - (0 if before is None else before.replica_count)
            if not self._refusal(record, before, Share(known.records, replicas)):
                return
        await self.check(record, before)

    async def check(self, record: Record, before: Record | None = None) -> None:
        """Raises Forbidden where `record`, new or in place of `before`, is more than its creator may have, counted now.

        What asks for no more than before is never refused: a quota that was lowered takes nothing away.
        """
        if self._counts(record, before):
            refusal = self._refusal(record, before, await self._others(record))
            if refusal:
                raise refusal

    def _counts(self, record: Record, before: Record | None) -> bool:
        """Whether it asks for more of what there is a quota of."""
        return (self._records > 0 and before is None) or (self._replicas > 0 and _raises(record, before))

    def _refusal(self, record: Record, before: Record | None, others: "Share") -> Forbidden | None:
        if self._records and before is None and others.records >= self._records:
            return Forbidden(
                f"name: {others.records} records of yours are there already; {self._records} are allowed.", field="name"
            )
        if self._replicas and _raises(record, before) and others.replicas + record.replica_count > self._replicas:
            return Forbidden(
                f"replicaCount: {record.replica_count}, beside {others.replicas} of the creator's other records;"
                f" {self._replicas} are allowed.",
                field="replicaCount",
            )
        return None

    async def _others(self, record: Record) -> "Share":
        """What their creator has beside this record."""
        shares: dict[str, Share] = {}
        others = Share()
        async for found in living(self._store):
            other = found.record
            creator = comparable(other.created_by)
            shares[creator] = shares.get(creator, _NOTHING).and_one(other)
            if creator == comparable(record.created_by) and other.id != record.id:
                others = others.and_one(other)
        self._last = shares
        return others


class Share(msgspec.Struct, frozen=True):
    """What somebody has."""

    records: int = 0
    replicas: int = 0

    def and_one(self, record: Record) -> "Share":
        """This, and a record more."""
        return Share(self.records + 1, self.replicas + record.replica_count)


_NOTHING = Share()


def _raises(record: Record, before: Record | None) -> bool:
    return record.replica_count > (0 if before is None else before.replica_count)
