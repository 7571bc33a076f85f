"""ApiServer: list and watch as a Kubernetes API server does them, over real HTTP, and every way in which that goes wrong.

    /api/v1/namespaces/NS/services · /apis/discovery.k8s.io/v1/namespaces/NS/endpointslices

Lists are of one moment, page by page; a watch resumes from any version that is not compacted away. Its events come in as
many chunks as `chunk` says. What is wrong is switched on by a test: nothing here is random.
"""

import asyncio
import copy
import json
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from typing import Any, cast

from aiohttp import web

type Object = dict[str, Any]
type Key = tuple[str, str]  # namespace, plural

SERVICES, SLICES = "services", "endpointslices"


class Connection:
    """One watch that is open. Nothing comes any more once it is `silent`."""

    def __init__(self, key: Key, selector: str, version: int, bookmarks: bool) -> None:
        self.key = key
        self.selector = selector
        self.version = version  # of the last event sent
        self.bookmarks = bookmarks
        self.silent = False
        self.sent: list[bytes] = []
        self.transport: asyncio.Transport | None = None
        self.due: asyncio.Queue[bytes | None] = asyncio.Queue()

    def send(self, line: bytes) -> None:
        """A line is due, unless nobody would notice."""
        if not self.silent:
            self.due.put_nowait(line)


class ApiServer:
    """`asked` are the requests so far. With `tokens`, only these are let in."""

    def __init__(self) -> None:
        self.url = ""
        self.asked: list[web.BaseRequest] = []
        self.version = 100
        self.tokens: set[str] = set()
        self.chunk = 0  # bytes of an event that are sent at once; 0: all
        self.refusals: list[tuple[int, dict[str, str]]] = []
        self.stalls = 0  # requests that will not be answered
        self.connections: list[Connection] = []
        self.between_pages: Callable[[], None] | None = None
        self.changed: Callable[[], None] | None = None
        self._compacted = 0
        self._objects: dict[Key, dict[str, Object]] = {}
        self._history: list[tuple[int, Key, str, Object, Object | None]] = []
        self._lists: dict[str, tuple[int, list[Object]]] = {}
        self._stalled = asyncio.Event()

    def put(self, namespace: str, plural: str, name: str, labels: dict[str, str], **members: Any) -> int:
        """Creates or changes an object; returns its version."""
        key, before = (namespace, plural), self._objects.setdefault((namespace, plural), {}).get(name)
        self.version += 1
        uid = before["metadata"]["uid"] if before else f"{plural}-{name}-{self.version}"
        metadata: Object = {
            **members.pop("metadata", {}),
            "name": name,
            "namespace": namespace,
            "uid": uid,
            "resourceVersion": str(self.version),
            "labels": labels,
            "managedFields": [{"manager": "test", "fieldsV1": {"f:spec": {}}}],
        }
        object: Object = {"kind": plural, "apiVersion": "v1", **members, "metadata": metadata}
        self._objects[key][name] = object
        self._happened(key, "MODIFIED" if before else "ADDED", object, before)
        return self.version

    def delete(self, namespace: str, plural: str, name: str) -> None:
        """Deletes an object, if it is there."""
        key = (namespace, plural)
        before = self._objects.get(key, {}).pop(name, None)
        if before is None:
            return
        self.version += 1
        gone = copy.deepcopy(before)
        gone["metadata"]["resourceVersion"] = str(self.version)
        self._happened(key, "DELETED", gone, before)

    def get(self, namespace: str, plural: str) -> dict[str, Object]:
        """The objects that are there, by name."""
        return self._objects.get((namespace, plural), {})

    # What can go wrong

    def cut(self) -> None:
        """Breaks all watches off, in the middle of whatever they send."""
        for connection in self.connections:
            if connection.transport is not None:
                connection.transport.abort()

    def end(self) -> None:
        """Ends all watches in order, as after `timeoutSeconds`."""
        for connection in self.connections:
            connection.due.put_nowait(None)

    def silence(self) -> None:
        """The watches of this moment stay open, and nothing comes from them any more."""
        for connection in self.connections:
            connection.silent = True

    def bookmark(self) -> None:
        """Tells all watches how far they are."""
        for connection in self.connections:
            if connection.bookmarks:
                object = {"kind": "x", "metadata": {"resourceVersion": str(self.version), "creationTimestamp": None}}
                connection.send(_line("BOOKMARK", object))

    def repeat(self) -> None:
        """Sends all events of each watch again."""
        for connection in self.connections:
            for line in connection.sent:
                connection.send(line)

    def compact(self) -> None:
        """Forgets the past: whoever asks for it gets 410."""
        self._compacted = self.version
        self._lists.clear()

    def expire(self) -> None:
        """Ends all watches with an ERROR event of code 410."""
        for connection in self.connections:
            connection.send(_line("ERROR", _status(410, "Expired")))
            connection.due.put_nowait(None)

    def say(self, line: bytes) -> None:
        """Sends a line on all watches, whatever it is."""
        for connection in self.connections:
            connection.send(line)

    def recover(self) -> None:
        """Nothing is wrong any more with what is to come, and requests that were not answered are cut."""
        self.refusals.clear()
        self.stalls = self.chunk = 0
        self.between_pages = None
        self._stalled.set()

    # HTTP

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """One request."""
        self.asked.append(request)
        if self.stalls:
            self.stalls -= 1
            await self._stalled.wait()
            raise ConnectionResetError
        if self.refusals:
            status, headers = self.refusals.pop(0)
            return web.json_response(_status(status, "Trouble"), status=status, headers=headers)
        if self.tokens and request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.tokens:
            return web.json_response(_status(401, "Unauthorized"), status=401)
        *_, namespace, plural = request.path.split("/")
        if request.query.get("watch") == "true":
            return await self._watch(request, (namespace, plural))
        return self._list(request, (namespace, plural))

    def _list(self, request: web.BaseRequest, key: Key) -> web.Response:
        token, limit = request.query.get("continue", ""), int(request.query.get("limit", "1000000"))
        if token and token not in self._lists:
            return web.json_response(_status(410, "Expired"), status=410)
        selector = request.query.get("labelSelector", "")
        matching = [object for object in self._objects.get(key, {}).values() if _matches(object, selector)]
        version, rest = self._lists.pop(token) if token else (self.version, matching)
        metadata: Object = {"resourceVersion": str(version)}
        if len(rest) > limit:
            metadata["continue"] = f"more-{len(self.asked)}"
            self._lists[metadata["continue"]] = (version, rest[limit:])
        response = web.json_response({"kind": "List", "metadata": metadata, "items": rest[:limit] or None})
        if "continue" in metadata and self.between_pages:
            self.between_pages()
        return response

    async def _watch(self, request: web.BaseRequest, key: Key) -> web.StreamResponse:
        version = int(request.query["resourceVersion"])
        if version < self._compacted:
            return web.json_response(_status(410, "Expired"), status=410)
        connection = Connection(
            key, request.query.get("labelSelector", ""), version, request.query.get("allowWatchBookmarks") == "true"
        )
        response = web.StreamResponse()
        await response.prepare(request)
        connection.transport = cast("asyncio.Transport", request.transport)
        for happened in self._history:
            self._tell(connection, *happened)
        self.connections.append(connection)
        try:
            async with asyncio.timeout(float(request.query["timeoutSeconds"])):
                while (line := await connection.due.get()) is not None:
                    await self._write(response, line)
        except (TimeoutError, ConnectionError):
            pass  # it has lasted long enough, or the other side is gone
        finally:
            self.connections.remove(connection)
        return response

    async def _write(self, response: web.StreamResponse, line: bytes) -> None:
        while line:
            size = self.chunk or len(line)
            await response.write(line[:size])
            line = line[size:]
            await asyncio.sleep(0)  # so that each is a chunk of its own

    def _happened(self, key: Key, type: str, object: Object, before: Object | None) -> None:
        event = (self.version, key, type, object, before)
        self._history.append(event)
        if self.changed:
            self.changed()
        for connection in self.connections:
            self._tell(connection, *event)

    def _tell(
        self, connection: Connection, version: int, key: Key, type: str, object: Object, before: Object | None
    ) -> None:
        if connection.key != key or version <= connection.version:
            return
        connection.version = version
        matched, matches = (
            before is not None and _matches(before, connection.selector),
            _matches(object, connection.selector),
        )
        if type == "DELETED" or (matched and not matches):
            seen = "DELETED" if matched else ""
        else:
            seen = ("MODIFIED" if matched else "ADDED") if matches else ""
        if seen:
            connection.sent.append(_line(seen, object))
            connection.send(connection.sent[-1])


@asynccontextmanager
async def api_server(port: int = 0) -> AsyncGenerator[ApiServer]:
    """One that listens on loopback while the block runs."""
    api = ApiServer()
    server = web.Server(api.answer, access_log=None)
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", port)
    api.url = f"http://127.0.0.1:{listener.sockets[0].getsockname()[1]}"
    try:
        yield api
    finally:
        listener.close()
        api.recover()
        api.cut()
        await server.shutdown(0.1)


def _line(type: str, object: Object) -> bytes:
    return json.dumps({"type": type, "object": object}).encode() + b"\n"


def _status(code: int, reason: str) -> Object:
    return {"kind": "Status", "code": code, "reason": reason, "message": f"{reason}, as the test wants it"}


def _matches(object: Object, selector: str) -> bool:
    """`a=b,c in (d,e)`: all that is asked for here."""
    labels: dict[str, str] = object["metadata"]["labels"]
    for part in filter(None, selector.replace(", ", ",").split(",") if " in " not in selector else _parts(selector)):
        name, _, values = part.partition(" in ")
        if not values:
            name, _, values = part.partition("=")
        if labels.get(name) not in values.strip("()").split(","):
            return False
    return True


def _parts(selector: str) -> list[str]:
    first, _, second = selector.partition(",")
    return [first, second]
