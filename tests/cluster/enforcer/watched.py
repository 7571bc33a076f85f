"""Watched: the objects of one kind as the API has them now, by list and watch. Whoever watches is told of every change.

Simple on purpose: whatever ends a watch begins a new list, which replaces all. While the API does not answer, what was
known stays.
"""

import asyncio
import logging
from typing import Protocol

import aiohttp
import msgspec

_PAUSE = 0.2  # seconds between attempts while the API does not answer
_SECONDS = "240"  # of one watch
_log = logging.getLogger(__name__)


class Named(Protocol):
    """What every object has."""

    @property
    def metadata(self) -> "Keyed": ...


class Keyed(Protocol):
    """Metadata with a key that is unique among the objects of a kind."""

    @property
    def key(self) -> str: ...


class _Version(msgspec.Struct, rename="camel"):
    resource_version: str


class _List(msgspec.Struct):
    metadata: _Version
    items: list[msgspec.Raw] = []


class _Event(msgspec.Struct):
    type: str
    object: msgspec.Raw


class Watched[T: Named]:
    """`path` below the API server's address. `changed` is set after every change; `synced` once the first list is in."""

    def __init__(self, kind: type[T], path: str, changed: asyncio.Event) -> None:
        self._decoder = msgspec.json.Decoder(kind)
        self._path = path
        self._changed = changed
        self._objects: dict[str, T] = {}
        self.synced = False

    @property
    def objects(self) -> list[T]:
        """Older ones first."""
        return list(self._objects.values())

    async def run(self, api: aiohttp.ClientSession) -> None:
        """For ever."""
        while True:
            try:
                await self._watch(api, await self._list(api))
            except aiohttp.ClientResponseError as error:  # its own words hold the whole head
                await self._again(f"{error.status} {error.message}")
            except (aiohttp.ClientError, TimeoutError) as error:
                await self._again(repr(error))

    async def _again(self, why: str) -> None:
        _log.warning("%s: %s", self._path, why)
        await asyncio.sleep(_PAUSE)

    async def _list(self, api: aiohttp.ClientSession) -> str:
        # Not from the server's memory: a version older than the last watch would bring back what is gone.
        async with api.get(self._path, timeout=aiohttp.ClientTimeout(10)) as reply:
            listed = msgspec.json.decode(await reply.read(), type=_List)
        objects = [self._decoder.decode(item) for item in listed.items]
        self._objects = {one.metadata.key: one for one in objects}
        self.synced = True
        self._changed.set()
        return listed.metadata.resource_version

    async def _watch(self, api: aiohttp.ClientSession, version: str) -> None:
        asked = {"watch": "1", "resourceVersion": version, "timeoutSeconds": _SECONDS, "allowWatchBookmarks": "true"}
        patience = aiohttp.ClientTimeout(total=None, sock_connect=5, sock_read=90)  # a bookmark comes every minute
        async with api.get(self._path, params=asked, timeout=patience) as reply:
            async for line in reply.content:
                event = msgspec.json.decode(line, type=_Event)
                if event.type == "ERROR":
                    return
                if event.type != "BOOKMARK":
                    self._take(event)

    def _take(self, event: _Event) -> None:
        one = self._decoder.decode(event.object)
        self._objects.pop(one.metadata.key, None)  # to the end: a newer pod may have an older one's address
        if event.type != "DELETED":
            self._objects[one.metadata.key] = one
        self._changed.set()
