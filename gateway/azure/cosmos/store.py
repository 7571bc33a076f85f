"""A Store on Cosmos DB: one container, partitioned by `id`, so that creating an item is the claim of its name.

An item is `{id, stamp, record}`. The record is JSON as text: as members its numbers would come back as floating point ones,
and what is raw in it would be spelt anew. Whoever looks at it in a portal reads it all the same.
"""

import re
import secrets
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import msgspec

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.answers import Answered
from gateway.errors import Conflict, Invalid, NotFound, PreconditionFailed
from gateway.records import Adapter, Record, Tool
from gateway.store import Identified, Versioned

if TYPE_CHECKING:
    from gateway.azure.cosmos.client import Container, Item

_ALL = "SELECT * FROM c WHERE c.id > @after ORDER BY c.id"
_PAGE = 500  # records that are asked for at once
# What Cosmos DB takes as an id; and nothing that a URL would make another path of.
_ID = re.compile(r"(?!\.{1,2}\Z)[^/\\?#\x00-\x1f\x7f]{0,254}[^/\\?#\x00-\x20\x7f]")
_ETAG = re.compile(r"[\x21\x23-\x7e]+")


class CosmosStore[R: Identified]:
    """A Store. `decode` turns stored JSON back into a record: `msgspec.json.Decoder(type).decode`.

    `ttl`: seconds after its last write when a record is gone, in a container where that is switched on; None: as the
    container says. Every verb raises Unavailable; writes raise TooLarge. ETags come without the quotes they have there.
    """

    def __init__(
        self, account: Account, container: str, decode: Callable[[bytes], R], *, ttl: int | None = None
    ) -> None:
        self._account = account
        self._container = container
        self._decode = decode
        self._ttl = ttl

    async def get(self, id: str) -> Versioned[R] | None:
        """The record, or None."""
        found = await self._account.run(self._container, lambda container: _read(container, id))
        return self._versioned(found) if found else None

    async def all(self, *, after: str = "", limit: int | None = None) -> list[Versioned[R]]:
        """Records above `after` in the order of their ids, at most `limit`."""
        found: list[Versioned[R]] = []
        while limit is None or len(found) < limit:
            most = _PAGE if limit is None else min(_PAGE, limit - len(found))
            page = await self._page(after, most)
            found += map(self._versioned, page)
            if len(page) < most:
                break
            after = page[-1]["id"]
        return found

    async def add(self, record: R) -> str:
        """Claims the id. Raises Conflict."""
        item = self._item(record)

        async def create(container: "Container") -> "Item":
            try:
                return await container.create(item)
            except Answered as answer:
                if answer.status != 409:
                    raise
                found = await _read(container, record.id)
                if found is None or found["stamp"] != item["stamp"]:
                    raise Conflict(f"`{record.id}` exists already.") from None
                return found

        return _etag(await self._account.run(self._container, create))

    async def replace(self, record: R, etag: str) -> str:
        """Replaces that version. Raises PreconditionFailed or NotFound."""
        item = self._item(record)

        async def replace(container: "Container") -> "Item":
            try:
                if _ETAG.fullmatch(etag):
                    return await container.replace(item, f'"{etag}"')
            except Answered as answer:
                if answer.status != 412 and not answer.is_no_item:
                    raise
            found = await _read(container, record.id)
            if found is None:
                raise NotFound(f"`{record.id}` does not exist.")
            if found["stamp"] != item["stamp"]:
                raise _changed(record.id)
            return found

        return _etag(await self._account.run(self._container, replace))

    async def remove(self, id: str, etag: str) -> None:
        """Removes that version. Raises PreconditionFailed."""

        async def delete(container: "Container") -> None:
            try:
                if _ID.fullmatch(id) and _ETAG.fullmatch(etag):
                    await container.delete(id, id, f'"{etag}"')
                    return
            except Answered as answer:
                if answer.status != 412 and not answer.is_no_item:
                    raise
            if await _read(container, id) is not None:
                raise _changed(id)

        await self._account.run(self._container, delete)

    async def _page(self, after: str, most: int) -> "list[Item]":
        return await self._account.run(
            self._container, lambda container: container.first(most, _ALL, {"@after": after})
        )

    def _item(self, record: R) -> "Item":
        if not _ID.fullmatch(record.id):
            raise Invalid("id: this cannot be the id of a record.", field="id")
        text = msgspec.json.encode(record).decode()
        item = {"id": record.id, "stamp": secrets.token_hex(8), "record": text}
        return item if self._ttl is None else {**item, "ttl": self._ttl}

    def _versioned(self, item: "Item") -> Versioned[R]:
        return Versioned(self._decode(item["record"].encode()), _etag(item))


def cosmos_store(variables: Mapping[str, str]) -> CosmosStore[Record]:
    """The catalog's records in the account that these variables name. No I/O and no loop: it connects when first asked.

    For a host where nobody closes anything; whoever does opens an Account. Raises SettingsError.
    """
    return catalog(Account.from_env(variables))


def catalog(account: Account) -> CosmosStore[Record]:
    """Adapters and tools, which share one container and so their names."""
    return CosmosStore[Record](account, "CatalogContainer", msgspec.json.Decoder(Adapter | Tool).decode)


async def _read(container: "Container", id: str) -> "Item | None":
    if not _ID.fullmatch(id):
        return None
    try:
        return await container.read(id, id)
    except Answered as answer:
        if answer.is_no_item:
            return None
        raise


def _etag(item: "Item") -> str:
    etag: str = item["_etag"]
    return etag.strip('"')


def _changed(id: str) -> PreconditionFailed:
    return PreconditionFailed(f"`{id}` is not that version any more.")
