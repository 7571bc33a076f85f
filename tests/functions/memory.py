"""A Store in memory: the whole contract, and steps at which it can fail."""

import msgspec

from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.records import Record
from gateway.store import Versioned
from tests.functions.steps import Steps


class MemoryStore:
    """Keeps what it is given as bytes, as a real store does."""

    def __init__(self, steps: Steps | None = None) -> None:
        self.steps = steps or Steps()
        self._rows: dict[str, tuple[bytes, str]] = {}
        self._versions = 0

    async def get(self, id: str) -> Versioned[Record] | None:
        """The record, tombstones included."""
        return await self.steps.run("get record", lambda: self._get(id))

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[Record]]:
        """Records by id."""
        return await self.steps.run("list records", lambda: self.rows(after)[:limit])

    async def add(self, record: Record) -> str:
        """Claims the id."""
        return await self.steps.run("add record", lambda: self._add(record))

    async def replace(self, record: Record, etag: str) -> str:
        """Replaces that version."""
        return await self.steps.run("replace record", lambda: self._replace(record, etag))

    async def remove(self, id: str, etag: str) -> None:
        """Removes that version."""
        await self.steps.run("remove record", lambda: self._remove(id, etag))

    def rows(self, after: str = "") -> list[Versioned[Record]]:
        """What is stored, without a step."""
        return [found for id in sorted(self._rows) if id > after and (found := self._get(id))]

    def snapshot(self) -> dict[str, tuple[bytes, str]]:
        """What `restore` brings back."""
        return dict(self._rows)

    def restore(self, rows: dict[str, tuple[bytes, str]]) -> None:
        """Everything as it was."""
        self._rows = dict(rows)

    def _get(self, id: str) -> Versioned[Record] | None:
        if id not in self._rows:
            return None
        text, etag = self._rows[id]
        return Versioned(msgspec.json.decode(text, type=Record), etag)

    def _write(self, record: Record) -> str:
        self._versions += 1
        self._rows[record.id] = (msgspec.json.encode(record), f"v{self._versions}")
        return self._rows[record.id][1]

    def _add(self, record: Record) -> str:
        if record.id in self._rows:
            raise Conflict("taken")
        return self._write(record)

    def _replace(self, record: Record, etag: str) -> str:
        if record.id not in self._rows:
            raise NotFound("gone")
        if self._rows[record.id][1] != etag:
            raise PreconditionFailed("stale")
        return self._write(record)

    def _remove(self, id: str, etag: str) -> None:
        if id in self._rows and self._rows[id][1] != etag:
            raise PreconditionFailed("stale")
        self._rows.pop(id, None)
