"""Host: serves the HTTP functions of a FunctionApp on aiohttp, with the habits of the platform's own host.

Those are: a wrong method, HEAD included, is a 404 without a body; literal parts of a route match in any case; a trailing
slash is the same route; several values of a header or a parameter become one, with commas; an exception is a 500
without a body; a reply that takes longer than the front end waits is a 502 while the function runs on; a client that
hangs up stops nothing. Other triggers (timers) are left alone. Keeps no state between requests.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from http import HTTPStatus
from typing import Any
from urllib.parse import unquote

import msgspec
from aiohttp import web
from azure.functions import FunctionApp, HttpRequest, HttpResponse
from azure.functions.decorators.http import HttpTrigger

from gateway.errors import PROBLEM, BadUpstream, GatewayError, TooLarge, Unavailable, problem

FRONT_END_SECONDS = 230.0
BODY_LIMIT = 30_000_000  # bytes
_HEADER_LIMIT = 64 * 1024  # bytes of one; tokens may be long, and the proxy in front has a limit of its own
_GRACE = 2.0  # seconds, twice: for functions under way when the host stops, then for their replies

type _Function = Callable[..., Awaitable[HttpResponse]]

_log = logging.getLogger(__name__)


class _Route(msgspec.Struct, frozen=True):
    """One function: its trigger's parameter, its methods, and the segments of its route (`{name}` takes any)."""

    function: _Function
    parameter: str
    methods: frozenset[str]
    segments: tuple[str, ...]


class Host:
    """Serves one app on any number of addresses until it is stopped."""

    def __init__(
        self, app: FunctionApp, *, body_limit: int = BODY_LIMIT, front_end_seconds: float = FRONT_END_SECONDS
    ) -> None:
        self._routes = _routes(app)
        self._body_limit = body_limit
        self._seconds = front_end_seconds
        self._running: set[asyncio.Task[HttpResponse]] = set()
        self._runner: web.ServerRunner | None = None
        self._leaving = False

    async def start_unix(self, path: str) -> None:
        """Listens on a unix socket."""
        await web.UnixSite(await self._ready_runner(), path).start()

    async def start_tcp(self, host: str, port: int) -> int:
        """Listens on TCP; port 0 takes a free one. Returns the port."""
        runner = await self._ready_runner()
        site = web.TCPSite(runner, host, port)
        await site.start()
        return port or runner.addresses[-1][1]

    def drain(self) -> None:
        """Serves on, but every client is told to come back on another connection, which may lead elsewhere."""
        self._leaving = True

    async def stop(self, grace: float = _GRACE) -> None:
        """Closes the sockets, gives what is under way `grace` seconds, ends the rest with a 503, and hangs up."""
        if self._runner is None:
            return
        for site in list(self._runner.sites):
            await site.stop()
        if self._running:
            await asyncio.wait(self._running, timeout=grace)
        for task in list(self._running):
            task.cancel()
        await self._runner.cleanup()
        self._runner = None

    async def _ready_runner(self) -> web.ServerRunner:
        if self._runner is None:
            server = web.Server(self._serve, access_log=None, max_line_size=_HEADER_LIMIT, max_field_size=_HEADER_LIMIT)
            self._runner = web.ServerRunner(server, shutdown_timeout=_GRACE)
            await self._runner.setup()
        return self._runner

    async def _serve(self, request: web.BaseRequest) -> web.Response:
        response = await self._answer(request)
        if self._leaving:
            response.force_close()
        return response

    async def _answer(self, request: web.BaseRequest) -> web.Response:
        found = _match(self._routes, request)
        if found is None:
            return web.Response(status=404)
        route, values = found
        try:
            invocation = _invocation(request, values, await self._body(request))
            return await self._run(route, invocation)
        except GatewayError as error:
            return web.Response(status=error.status, body=problem(error), content_type=PROBLEM, headers=error.headers)

    async def _run(self, route: _Route, invocation: HttpRequest) -> web.Response:
        task = asyncio.ensure_future(route.function(**{route.parameter: invocation}))
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        done, _ = await asyncio.wait({task}, timeout=self._seconds)
        if not done:
            raise BadUpstream(f"No answer within {self._seconds:g} s; what was asked for may still happen.")
        if task.cancelled():
            raise Unavailable("This process is ending; ask again.")
        if error := task.exception():
            _log.error("a function failed", exc_info=error)
            return web.Response(status=500)
        return _response(task.result())

    async def _body(self, request: web.BaseRequest) -> bytes:
        over = TooLarge(f"The body is over {self._body_limit:,} bytes.")
        if (request.content_length or 0) > self._body_limit:
            raise over
        if request.headers.get("Expect", "").lower() == "100-continue":
            await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
            request.writer.output_size = 0  # what was written is not part of the reply
        body = bytearray()
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > self._body_limit:
                raise over
        return bytes(body)


def _routes(app: FunctionApp) -> list[_Route]:
    """The HTTP functions. The app can be asked for its functions once only, so nobody else may have done it."""
    routes: list[_Route] = []
    for function in app.get_functions():
        trigger = function.get_trigger()
        if isinstance(trigger, HttpTrigger):
            methods: Sequence[object] = list(trigger.methods or ("GET", "POST"))
            routes.append(
                _Route(
                    function=function.get_user_function(),
                    parameter=trigger.name,
                    methods=frozenset(str(method) for method in methods),
                    segments=tuple((trigger.route or "").strip("/").split("/")),
                )
            )
    return routes


def _match(routes: list[_Route], request: web.BaseRequest) -> tuple[_Route, dict[str, str]] | None:
    path = request.rel_url.raw_path.removeprefix("/").removesuffix("/").split("/")
    for route in routes:
        if request.method in route.methods and (values := _values(route.segments, path)) is not None:
            return route, values
    return None


def _values(segments: tuple[str, ...], path: list[str]) -> dict[str, str] | None:
    """What the path gives for the placeholders of a route; None where it is another route."""
    if len(segments) != len(path):
        return None
    values: dict[str, str] = {}
    for segment, part in zip(segments, path, strict=True):
        if segment.startswith("{"):
            values[segment.strip("{}")] = unquote(part)
        elif segment.casefold() != unquote(part).casefold():
            return None
    return values


def _invocation(request: web.BaseRequest, values: dict[str, str], body: bytes) -> HttpRequest:
    return HttpRequest(
        request.method,
        f"{request.scheme}://{request.host}{request.path_qs}",
        headers=_joined(request.headers),
        params=_joined(request.query),
        route_params=values,
        body=body,
    )


def _joined(values: Any) -> dict[str, str]:
    return {name: ",".join(values.getall(name)) for name in values}


def _response(reply: HttpResponse) -> web.Response:
    response = web.Response(status=reply.status_code, body=reply.get_body() or None)
    if reply.status_code != HTTPStatus.NO_CONTENT:
        charset = f"; charset={reply.charset}" if reply.mimetype.startswith("text/") else ""
        response.headers["Content-Type"] = f"{reply.mimetype}{charset}"
    for name, value in reply.headers.items():
        response.headers[name] = value
    return response
