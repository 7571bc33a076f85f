"""A container: items by partition and id, each with an ETag of its version. Times come from a clock that tests may set.

Partition keys have one path, and values are texts. Several ranges stand for several physical partitions.
"""

import itertools
import re
import zlib
from collections.abc import Callable
from typing import Any

import msgspec

from tests.azure.cosmos.json_values import MOST, kept, size
from tests.azure.cosmos.refusal import no_such_item, refusal

type Item = dict[str, Any]

_SYSTEM = ("_rid", "_self", "_etag", "_attachments", "_ts")
_ID = re.compile(r"[^/\\?#\x00-\x1f]{1,1023}")
_LONGEST_KEY = 2048  # bytes of a partition key


class Stored(msgspec.Struct):
    """An item; `place` is its order of creation, which feeds have."""

    item: Item
    place: str
    written: float
    range: int


class Container:
    """`ttl`: seconds that an item lives unless it says otherwise; -1: only those that say so; None: for ever, whatever they say."""

    def __init__(
        self, name: str, path: str, rid: str, clock: Callable[[], float], *, ttl: int | None = None, ranges: int = 2
    ) -> None:
        self.name = name
        self.member = path.removeprefix("/")
        self.rid = rid
        self.ttl = ttl
        self.ranges = ranges
        self._clock = clock
        self._stored: dict[tuple[str, str], Stored] = {}
        self._count = itertools.count(1)

    def read(self, partition: str, id: str) -> Item:
        """Raises Refusal 404."""
        return self._found(partition, id).item

    def create(self, item: Item, partition: str) -> Item:
        """Raises Refusal 400, 409, 413."""
        self._check(item, partition)
        if self._alive(partition, item["id"]):
            raise refusal(409, "Entity with the specified id already exists in the system.")
        return self._put(item, partition, f"{next(self._count):08x}")

    def replace(self, id: str, item: Item, partition: str, if_match: str | None) -> Item:
        """Raises Refusal 400, 404, 412, 413."""
        self._check(item, partition)
        if item["id"] != id:
            raise refusal(400, "The id in the body is not that of the resource.")
        before = self._found(partition, id)
        _match(before, if_match)
        return self._put(item, partition, before.place)

    def upsert(self, item: Item, partition: str, if_match: str | None) -> tuple[Item, bool]:
        """What is stored now, and whether it is new. Raises Refusal 400, 412, 413."""
        self._check(item, partition)
        before = self._alive(partition, item["id"])
        if before is None:
            return self.create(item, partition), True
        _match(before, if_match)
        return self._put(item, partition, before.place), False

    def delete(self, partition: str, id: str, if_match: str | None) -> None:
        """Raises Refusal 404, 412."""
        _match(self._found(partition, id), if_match)
        del self._stored[partition, id]

    def items(self, *, partition: str | None = None, range: int | None = None) -> list[tuple[str, Item]]:
        """Those that live, with their places, in the order of these."""
        found = [
            stored
            for (owner, _), stored in self._stored.items()
            if partition in (None, owner) and range in (None, stored.range) and not self._has_expired(stored)
        ]
        return [(stored.place, stored.item) for stored in sorted(found, key=lambda stored: stored.place)]

    def _put(self, item: Item, partition: str, place: str) -> Item:
        now, rid = self._clock(), f"{self.rid}{place}"
        own: Item = {name: value for name, value in kept(item).items() if name not in _SYSTEM}
        number = next(self._count)
        own |= {
            "_rid": rid,
            "_self": f"dbs/db/colls/{self.rid}/docs/{rid}/",
            "_etag": f'"{number:08x}-0000-0d00-0000-{int(now):012x}"',
            "_attachments": "attachments/",
            "_ts": int(now),
        }
        owner = zlib.crc32(partition.encode()) % self.ranges
        self._stored[partition, item["id"]] = Stored(own, place, now, owner)
        return own

    def _check(self, item: Item, partition: str) -> None:
        id = item.get("id")
        if not isinstance(id, str) or not _ID.fullmatch(id):
            raise refusal(400, "One of the specified inputs is invalid: id.")
        if item.get(self.member) != partition:
            text = "PartitionKey extracted from document doesn't match the one specified in the header."
            raise refusal(400, text, 1001)
        if len(partition.encode()) > _LONGEST_KEY:
            raise refusal(400, "The partition key is too long.")
        if size(item) > MOST:
            raise refusal(413, "Request size is too large.")

    def _found(self, partition: str, id: str) -> Stored:
        stored = self._alive(partition, id)
        if stored is None:
            raise no_such_item()
        return stored

    def _alive(self, partition: str, id: str) -> Stored | None:
        stored = self._stored.get((partition, id))
        return None if stored is None or self._has_expired(stored) else stored

    def _has_expired(self, stored: Stored) -> bool:
        if self.ttl is None:
            return False
        ttl = stored.item.get("ttl", self.ttl)
        return ttl != -1 and self._clock() >= stored.written + ttl


def _match(stored: Stored, if_match: str | None) -> None:
    if if_match not in (None, "*", stored.item["_etag"]):
        raise refusal(412, "Operation cannot be performed because one of the specified precondition is not met.")
