"""Listing: pages of the definitions a caller may call, in the order of their names, put together once for all who see the same.

A cursor is the last name of a page, sealed for its caller: it survives any change of the list, and any replica opens it.
"""

from bisect import bisect_right

import msgspec

from gateway.access import may_call
from gateway.identity import Principal
from gateway.seal import KeyRing, bound
from tool_router.audience import Audience, Likeness
from tool_router.faults import INVALID_PARAMS, Fault
from tool_router.settings import Settings
from tool_router.shelf import Shelf

_KIND = "tools/list"
_KEPT = 256  # likenesses
_KEPT_BYTES = 33_554_432  # of pages, of all of them together


class Page(msgspec.Struct, frozen=True):
    """`body`: definitions joined by commas. `last`: the name that the next page begins after, empty on the last page."""

    body: bytes
    last: str


class Listing:
    """Lists of one router."""

    def __init__(self, shelf: Shelf, seals: KeyRing, settings: Settings) -> None:
        self._shelf = shelf
        self._seals = seals
        self._settings = settings
        self._version = -1
        self._audience = Audience(())
        self._views: dict[Likeness, _View] = {}
        self._bytes = 0

    def page(self, caller: Principal, cursor: str | None) -> tuple[bytes, str | None]:
        """A page, and the cursor of the next one if there is one. Raises Fault for a cursor that is not the caller's."""
        after = "" if cursor is None else self._opened(caller, cursor)
        view = self._view(caller)
        page = view.page(after)
        self._count(view)
        return page.body, self._seals.seal(page.last.encode(), self._bound(caller)) if page.last else None

    def _view(self, caller: Principal) -> "_View":
        if self._version != self._shelf.version:
            self._version = self._shelf.version
            self._audience = Audience(self._shelf.cards())
            self._views.clear()
            self._bytes = 0
        likeness = self._audience.likeness(caller)
        view = self._views.get(likeness)
        if view is None:
            if len(self._views) >= _KEPT:
                del self._views[next(iter(self._views))]  # the oldest
            view = self._views[likeness] = self._seen_by(caller)
        return view

    def _count(self, view: "_View") -> None:
        """Forgets all pages where they have become too many bytes: lists that keep changing begin them anywhere."""
        self._bytes += view.made
        view.made = 0
        if self._bytes > _KEPT_BYTES:
            self._bytes = 0
            self._views.clear()

    def _seen_by(self, caller: Principal) -> "_View":
        names = [card.name for card in self._shelf.cards() if may_call(caller, card)]
        definitions = [self._shelf.definition(name) for name in names]
        return _View(names, definitions, self._settings.page_size, self._settings.page_bytes)

    def _opened(self, caller: Principal, cursor: str) -> str:
        name = self._seals.open(cursor, self._bound(caller))
        if name is None:
            raise Fault(INVALID_PARAMS, "params.cursor: not a cursor of this list.")
        return name.decode()

    def _bound(self, caller: Principal) -> bytes:
        return bound(_KIND, caller.id)


class _View:
    """What some callers see: definitions by name, and the pages asked for so far. `made`: bytes of pages not counted yet."""

    def __init__(self, names: list[str], definitions: list[bytes], size: int, most_bytes: int) -> None:
        self._names = names
        self._definitions = definitions
        self._size = size
        self._most_bytes = most_bytes
        self._pages: dict[int, Page] = {}
        self.made = 0

    def page(self, after: str) -> Page:
        """The page of the names above `after`."""
        start = bisect_right(self._names, after) if after else 0
        page = self._pages.get(start)
        if page is None:
            page = self._pages[start] = self._made(start)
            self.made += len(page.body)
        return page

    def _made(self, start: int) -> Page:
        end, size = start, 0
        while end < len(self._names) and end - start < self._size:
            size += len(self._definitions[end])
            if size > self._most_bytes and end > start:
                break
            end += 1
        last = self._names[end - 1] if end < len(self._names) else ""
        return Page(b",".join(self._definitions[start:end]), last)
