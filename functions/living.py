"""Reading many records: a chunk at a time, by name, without what has been deleted. Whose they are is asked elsewhere."""

from collections.abc import AsyncIterator

from gateway.records import Record, is_buried
from gateway.store import Store, Versioned

_CHUNK = 200  # records in memory at a time


async def living(store: Store[Record], after: str = "") -> AsyncIterator[Versioned[Record]]:
    """Records above `after`, no tombstones. Keyset paging: what is written meanwhile makes nothing appear twice or get lost."""
    chunk: list[Versioned[Record]] | None = None
    while chunk is None or len(chunk) == _CHUNK:
        chunk = await store.all(after=after, limit=_CHUNK)
        for found in chunk:
            if not is_buried(found.record):
                yield found
            after = found.record.id
