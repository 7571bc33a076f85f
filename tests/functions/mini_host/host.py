"""The host's HTTP side, with the platform's habits: routes, methods, headers and bodies between clients and a worker. Fires timers.

A wrong method, HEAD included, is 404 without a body; literal parts of a route match in any case; a failure is 500 without a
body; a reply that takes longer than the front end waits is 502 while the function runs on. `POST /admin/functions/NAME` fires a
timer, which there takes the host's own key, and answers when it is done, which there comes first.

Source: Azure/azure-functions-host (ToRpcHttp, issues 10098 and 11625) and learn.microsoft.com/azure/azure-functions.
"""

import asyncio
import base64
import json
import logging
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web

from tests.functions.mini_host.worker_process import Failed, WorkerProcess

FRONT_END_SECONDS = 230.0
_ADMIN = "/admin/functions/"
_MOST = 65536  # bytes of a header

_log = logging.getLogger(__name__)


class Function(msgspec.Struct, frozen=True):
    """An HTTP function: its trigger's parameter, its methods, and the segments of its route."""

    name: str
    parameter: str
    methods: frozenset[str]
    segments: tuple[str, ...]


class Host:
    """Serves what a worker has indexed."""

    def __init__(self, worker: WorkerProcess, wwwroot: Path, *, front_end_seconds: float = FRONT_END_SECONDS) -> None:
        self._worker = worker
        self._seconds = front_end_seconds
        prefix = json.loads((wwwroot / "host.json").read_text())["extensions"]["http"]["routePrefix"]
        self._functions = [_function(found, prefix) for found in _triggered(worker, "httpTrigger")]
        self.timers = {found["name"]: _trigger(found)["name"] for found in _triggered(worker, "timerTrigger")}
        self._running: set[asyncio.Task[dict[str, Any]]] = set()

    async def fire(self, timer: str) -> None:
        """Runs a timer's function now. Raises Failed."""
        await self._worker.ask(timer, self.timers[timer])

    async def every(self, seconds: float) -> None:
        """Runs each timer's function again and again, never one beside itself: the platform holds a lock for each."""
        while True:
            await asyncio.sleep(seconds)
            for timer in self.timers:
                try:
                    await self.fire(timer)
                except Failed:
                    _log.exception("%s failed", timer)

    def server(self) -> web.Server:
        """What answers HTTP."""
        return web.Server(self.answer, access_log=None, max_line_size=_MOST, max_field_size=_MOST)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        """One request."""
        if request.path.startswith(_ADMIN):
            return await self._administered(request)
        found = self._found(request)
        if found is None:
            return web.Response(status=404)
        function, values = found
        order = _http(request, values, await request.read())
        task = asyncio.ensure_future(self._worker.ask(function.name, function.parameter, http=order))
        self._running.add(task)  # a client that hangs up stops nothing
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        if not done:
            return web.Response(status=502)
        if error := task.exception():
            _log.error("%s failed: %s", function.name, error)
            return web.Response(status=500)
        return _response(task.result())

    async def _administered(self, request: web.BaseRequest) -> web.Response:
        name = request.path.removeprefix(_ADMIN)
        if request.method != "POST" or name not in self.timers:
            return web.Response(status=404)
        try:
            await self.fire(name)
        except Failed:
            _log.exception("%s failed", name)
            return web.Response(status=500)
        return web.Response(status=202)

    def _found(self, request: web.BaseRequest) -> tuple[Function, dict[str, str]] | None:
        path = request.rel_url.raw_path.strip("/").split("/")
        for function in self._functions:
            if request.method in function.methods and (values := _values(function.segments, path)) is not None:
                return function, values
        return None


def _triggered(worker: WorkerProcess, kind: str) -> list[dict[str, Any]]:
    return [function for function in worker.functions if _trigger(function)["type"] == kind]


def _trigger(function: dict[str, Any]) -> dict[str, Any]:
    return next(binding for binding in function["bindings"] if binding["type"].endswith("Trigger"))


def _function(found: dict[str, Any], prefix: str) -> Function:
    trigger = _trigger(found)
    route = f"{prefix}/{trigger.get('route') or found['name']}".strip("/")
    methods = frozenset(method.upper() for method in trigger.get("methods") or ("GET", "POST"))
    return Function(found["name"], trigger["name"], methods, tuple(route.split("/")))


def _values(segments: tuple[str, ...], path: list[str]) -> dict[str, str] | None:
    """What a path gives for the placeholders of a route; None where it is another's."""
    if len(segments) != len(path):
        return None
    values: dict[str, str] = {}
    for segment, part in zip(segments, path, strict=True):
        if segment.startswith("{"):
            values[segment.strip("{}")] = _decoded(part)
        elif segment.casefold() != unquote(part).casefold():
            return None
    return values


def _decoded(part: str) -> str:
    """As Kestrel does it: an encoded slash stays one."""
    return "%2F".join(unquote(piece) for piece in part.replace("%2f", "%2F").split("%2F"))


def _http(request: web.BaseRequest, values: dict[str, str], body: bytes) -> dict[str, Any]:
    """What the worker is told: several values of a name become one; a parameter without a value is left out."""
    headers = {name.lower(): ",".join(request.headers.getall(name)) for name in request.headers}
    query = {name: ",".join(request.query.getall(name)) for name in request.query}
    return {
        "method": request.method,
        "url": f"{request.scheme}://{request.host}{request.path_qs}",
        "headers": headers,
        "query": {name: value for name, value in query.items() if value},
        "params": values,
        "body": base64.b64encode(body).decode(),
    }


def _response(answer: dict[str, Any]) -> web.Response:
    body = base64.b64decode(answer["body"])
    response = web.Response(status=answer["status"], body=body or None)
    if not body:
        response.headers.popall("Content-Type", None)
    for name, value in answer["headers"].items():
        response.headers[name] = value
    return response
