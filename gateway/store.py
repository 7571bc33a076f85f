"""The contracts of the record store and of the journal. Implementations: SQLite (`local`), PostgreSQL, Cosmos DB.

One body of tests runs against each of them: tests/contracts.
"""

from typing import Protocol

import msgspec


class Identified(Protocol):
    """Anything that can be stored: it has an id that never changes."""

    @property
    def id(self) -> str: ...


class Versioned[R](msgspec.Struct, frozen=True):
    """A record as it was read, with the ETag of that very version."""

    record: R
    etag: str


class Store[R: Identified](Protocol):
    """Records of one container. Reads see every write that was answered before (Cosmos: Strong consistency)."""

    async def get(self, id: str) -> Versioned[R] | None:
        """The record, tombstones included. None is not an error."""
        ...

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[R]]:
        """Records in the order of their ids, those above `after` only, at most `limit`."""
        ...

    async def add(self, record: R) -> str:
        """Claims the id and returns the ETag. Raises Conflict where it is taken: of many at once, one wins."""
        ...

    async def replace(self, record: R, etag: str) -> str:
        """Replaces that very version and returns the new ETag. Raises PreconditionFailed; NotFound if it is gone."""
        ...

    async def remove(self, id: str, etag: str) -> None:
        """Removes that very version. Raises PreconditionFailed. That it is gone already is not an error."""
        ...


class Entry(msgspec.Struct, frozen=True):
    """One event of a journal; `seq` counts from 1 without gaps."""

    seq: int
    event: bytes


class Journal(Protocol):
    """Append-only events per session; the sequence number is the fence against a second writer."""

    async def append(self, session: str, seq: int, event: bytes) -> None:
        """Writes event `seq`. Raises Conflict where that number was written already, by whomever."""
        ...

    async def after(self, session: str, seq: int) -> list[Entry]:
        """The events above `seq`, in order; 0 = all. An unknown session has none."""
        ...
