"""Watch: objects of one kind in one namespace, listed once and followed from there. Keeps none, decides nothing about them.

    list, page by page → watch from the list's resourceVersion → told of each event
      ended or broken off                   → watch again from the last resourceVersion, nothing lost, nothing twice
      410, or silent for longer than usual  → list again: what is told then replaces everything

While the API server is away whoever is told hears nothing, and keeps what it has.
"""

import asyncio
import logging
import random
from typing import Protocol

import msgspec

from gateway.cluster.api import Api, ApiError, Expired, Status
from gateway.cluster.objects import Bookmark, Event, Metadata, Page

_WORTH_SAYING = 2  # failures in a row

_log = logging.getLogger(__name__)


class Pace(msgspec.Struct, frozen=True):
    """Times are in seconds. Bookmarks come every minute, so that `silence` tells of a connection that only seems to be one."""

    lifetime: int = 240
    """How long one watch may last; a tenth less or more, so that not all end at once."""
    silence: float = 90.0
    page: int = 250
    """Objects on one page of a list."""
    first: float = 0.2
    """The second attempt in a row waits that long, the first not at all; then it doubles."""
    longest: float = 5.0
    patience: float = 60.0
    """How long the API server may ask us to wait."""


class Object(Protocol):
    """An object as far as it is decoded."""

    @property
    def metadata(self) -> Metadata:
        """With its name and its version."""
        ...


class Told[T](Protocol):
    """Whoever wants to know. Of one watch all calls come one after the other, in the order of the events."""

    def replace(self, objects: list[T], /) -> None:
        """These are all there are."""
        ...

    def put(self, object: T, /) -> None:
        """This one is new, or is like this now."""
        ...

    def drop(self, object: T, /) -> None:
        """This one is gone; it was like this."""
        ...


class Watch[T: Object]:
    """Follows `path` (`/api/v1/namespaces/adapter/services`) and tells `told`."""

    def __init__(self, api: Api, path: str, selector: str, kind: type[T], told: Told[T], pace: Pace) -> None:
        self.listed = False
        self._api = api
        self._path = path
        self._selector = selector
        self._told = told
        self._pace = pace
        self._page: msgspec.json.Decoder[Page[T]] = msgspec.json.Decoder(Page[kind])
        self._object = msgspec.json.Decoder(kind)
        self._version = ""  # of the last list, event or bookmark; blank: list first
        self._alive = 0.0  # when one of these came
        self._failures = 0
        self._asked_to_wait = 0.0

    @property
    def age(self) -> float:
        """Seconds since the last list, event or bookmark; before the first: since the start."""
        return asyncio.get_running_loop().time() - self._alive

    async def run(self) -> None:
        """Follows until it is cancelled."""
        self._alive = asyncio.get_running_loop().time()
        while True:
            self._failures += 1  # unless this round hears of an event
            await self._round()
            await asyncio.sleep(self._pause())

    async def _round(self) -> None:
        self._asked_to_wait = 0.0
        try:
            if not self._version:
                await self._list()
            await self._follow()
        except Expired:
            self._again("what we knew of has expired")
        except TimeoutError:
            self._again(f"nothing was heard for {self._pace.silence:g} s")
        except ApiError as error:
            self._asked_to_wait = min(error.retry_after, self._pace.patience)
            _log.log(self._level(), "cannot follow %s (%.0f s old): %s", self._path, self.age, error)
        except Exception:  # noqa: BLE001 - logged; a list puts right what an event could not, and a dead watch is worse than any
            _log.exception("following %s", self._path)
            self._version = ""

    async def _list(self) -> None:
        """All objects at one moment. Nobody is told before the last page is there."""
        objects: list[T] = []
        query = {"labelSelector": self._selector, "limit": str(self._pace.page)}
        while True:
            page = _decoded(self._page, await self._api.page(self._path, query))
            objects += page.items or []
            if not page.metadata.more:
                break
            query["continue"] = page.metadata.more
        if not page.metadata.resource_version:
            raise ApiError("a list without a resourceVersion")
        self._told.replace(objects)
        self.listed = True
        self._heard(page.metadata.resource_version)

    async def _follow(self) -> None:
        lifetime = self._pace.lifetime * random.uniform(0.9, 1.1)  # noqa: S311 (spreads load, guards nothing)
        query = {
            "labelSelector": self._selector,
            "watch": "true",
            "allowWatchBookmarks": "true",
            "resourceVersion": self._version,
            "timeoutSeconds": str(max(1, int(lifetime))),
        }
        async with asyncio.timeout_at(self._alive + self._pace.silence) as patience:
            async with self._api.watch(self._path, query) as batches:
                async for lines in batches:
                    for line in lines:
                        self._take(_decoded(_EVENT, line))
                    patience.reschedule(self._alive + self._pace.silence)

    def _take(self, event: Event) -> None:
        """Passes an event on. One that is not newer is none: whatever stands between us and the API server, nothing comes twice."""
        if event.type == "ERROR":
            raise _error(_decoded(_STATUS, event.object))
        if event.type == "BOOKMARK":
            version = _decoded(_BOOKMARK, event.object).metadata.resource_version
        else:
            object = _decoded(self._object, event.object)
            version = object.metadata.resource_version
            if _is_newer(version, self._version):
                (self._told.drop if event.type == "DELETED" else self._told.put)(object)
        self._heard(version if _is_newer(version, self._version) else self._version)
        self._recovered()

    def _heard(self, version: str) -> None:
        self._version = version
        self._alive = asyncio.get_running_loop().time()

    def _recovered(self) -> None:
        if self._failures > _WORTH_SAYING:
            _log.info("following %s again", self._path)
        self._failures = 0

    def _level(self) -> int:
        """That a watch breaks off is of no account; that it cannot be taken up again is, once."""
        return logging.WARNING if self._failures == _WORTH_SAYING else logging.DEBUG

    def _again(self, why: str) -> None:
        _log.warning("listing %s again: %s", self._path, why)
        self._version = ""

    def _pause(self) -> float:
        """0 after the first failure; then from `first` doubled to `longest`, and anything from half of that up."""
        if self._failures <= 1:
            return self._asked_to_wait
        doubled = min(self._pace.first * 2 ** min(self._failures - 2, 16), self._pace.longest)
        return max(self._asked_to_wait, doubled * random.uniform(0.5, 1.0))  # noqa: S311 (spreads load, guards nothing)


_EVENT = msgspec.json.Decoder(Event)
_STATUS = msgspec.json.Decoder(Status)
_BOOKMARK = msgspec.json.Decoder(Bookmark)


def _decoded[T](decoder: msgspec.json.Decoder[T], text: bytes | msgspec.Raw) -> T:
    try:
        return decoder.decode(text)
    except (msgspec.DecodeError, UnicodeError) as error:
        raise ApiError(f"the API server said what is no answer ({error})") from error


def _error(status: Status) -> ApiError:
    kind = Expired if status.code == 410 or status.reason in ("Expired", "Gone") else ApiError
    return kind(f"{status.code} {status.message}", status=status.code)


def _is_newer(version: str, known: str) -> bool:
    """Of one kind of objects versions are numbers that rise (KEP-5504); any that are not are believed."""
    if version.isascii() and version.isdigit() and known.isascii() and known.isdigit():
        return int(version) > int(known)
    return version != known
