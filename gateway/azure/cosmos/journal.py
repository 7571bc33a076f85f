"""A Journal on Cosmos DB: a session is a partition, and an event's number its id there, so that creating it is the fence.

An event that is text is stored as text, for whoever looks at it; any other as base64. Either comes back byte for byte.
"""

import base64
import re
import secrets
from typing import TYPE_CHECKING

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.answers import Answered
from gateway.errors import Conflict
from gateway.store import Entry

if TYPE_CHECKING:
    from gateway.azure.cosmos.client import Container, Item

_AFTER = "SELECT * FROM c WHERE c.id > @after ORDER BY c.id"
_PAGE = 500  # events that are asked for at once
_DIGITS = 16  # of a number: their order as text is that of the numbers
_ODD = re.compile(r"[^\t\n\r\x20-\x7e\xa0-\U0010ffff]")  # control characters: not everybody's JSON keeps them


class CosmosJournal:
    """A Journal. `ttl`: seconds after which an event is gone, in a container where that is switched on; None: as the
    container says. Every verb raises Unavailable; `append` raises TooLarge above some 2 MB."""

    def __init__(self, account: Account, container: str = "JournalContainer", *, ttl: int | None = None) -> None:
        self._account = account
        self._container = container
        self._ttl = ttl

    async def append(self, session: str, seq: int, event: bytes) -> None:
        """Writes event `seq`. Raises Conflict where it was written already."""
        item = {"id": _id(seq), "sessionId": session, "stamp": secrets.token_hex(8), **_stored(event)}
        if self._ttl is not None:
            item["ttl"] = self._ttl

        async def create(container: "Container") -> None:
            try:
                await container.create(item)
            except Answered as answer:
                if answer.status != 409:
                    raise
                if await _stamp(container, session, seq) != item["stamp"]:
                    raise Conflict(f"Event {seq} of session `{session}` was written already.") from None

        await self._account.run(self._container, create)

    async def after(self, session: str, seq: int) -> list[Entry]:
        """The events above `seq`, in order."""
        found: list[Entry] = []
        while True:
            page = await self._page(session, seq)
            found += [Entry(int(item["id"]), _event(item)) for item in page]
            if len(page) < _PAGE:
                return found
            seq = found[-1].seq

    async def _page(self, session: str, seq: int) -> "list[Item]":
        return await self._account.run(
            self._container, lambda container: container.first(_PAGE, _AFTER, {"@after": _id(seq)}, session)
        )


async def _stamp(container: "Container", session: str, seq: int) -> str | None:
    """Whose event that is; None where it is gone again."""
    try:
        return (await container.read(_id(seq), session))["stamp"]
    except Answered as answer:
        if answer.is_no_item:
            return None
        raise


def _id(seq: int) -> str:
    return f"{seq:0{_DIGITS}}"


def _stored(event: bytes) -> "Item":
    try:
        text = event.decode()
    except UnicodeDecodeError:
        return {"base64": base64.b64encode(event).decode()}
    return {"base64": base64.b64encode(event).decode()} if _ODD.search(text) else {"text": text}


def _event(item: "Item") -> bytes:
    text: str | None = item.get("text")
    return base64.b64decode(item["base64"]) if text is None else text.encode()
