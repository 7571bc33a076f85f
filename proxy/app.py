"""Proxy: the front door put together: made in order, started, drained, stopped. What it does is in the modules it joins."""

import asyncio
import logging
from collections.abc import Coroutine, Iterator
from typing import Any

from gateway.audit import Audit
from gateway.catalog import Catalog
from gateway.connection import Stale
from gateway.errors import GatewayError, NotFound, Unavailable
from gateway.identity import Identify
from gateway.protected_resource import ProtectedResource
from gateway.seal import KeyRing
from gateway.telemetry import instruments as its
from gateway.telemetry.counters import Counters
from gateway.telemetry.readings import HTTP_WORDS, Reading, of_data_plane, of_durations
from gateway.telemetry.span import Tracer
from gateway.upstream import Pool
from proxy import index
from proxy.adapter import AdapterLeg
from proxy.admission import Admission
from proxy.affinity import Affinity
from proxy.answers import JSON, refusal, whole
from proxy.client import Server
from proxy.cors import Cors, is_preflight
from proxy.drain import Drain
from proxy.express import Express, Line
from proxy.forward import ControlPlane
from proxy.head import RequestHead
from proxy.lane import FastServer
from proxy.metadata import Metadata
from proxy.plan import Plan
from proxy.refusals import Refusals
from proxy.request import Request, Sent
from proxy.router import RouterLeg
from proxy.routes import Route, is_metadata, preflight, route
from proxy.settings import Settings
from proxy.spans import METHODS, OTHER, Spans
from proxy.sweep import Sweep

CUT_SECONDS = 0.05  # for requests under way; whoever wants to give them longer drains first
STOP_SECONDS = 1.0  # for them to notice
BACKLOG = 1024
_LOOK_SECONDS = 0.05  # between two looks for connections that are idle

log = logging.getLogger(__name__)


class Proxy:
    """One gateway process's front door. Everything it needs is handed in; what it opens itself, `stop` closes.

    `secret` is what the tool router knows us by; without one, `/mcp` is out of service. `protected` is what clients must know
    to sign in; None where callers are believed. `audit` is told of denied access, `tracer` of requests whose trace is recorded.
    """

    def __init__(
        self,
        catalog: Catalog,
        identify: Identify,
        seals: KeyRing,
        settings: Settings,
        control_plane: ControlPlane | None = None,
        secret: str = "",
        protected: ProtectedResource | None = None,
        audit: Audit | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.counters = Counters()
        self._catalog = catalog
        self._settings = settings
        self._control_plane = control_plane
        self._pool, self._router_pool = Pool(), Pool()  # what was connected for an adapter never carries the secret
        self._affinity = Affinity(catalog, self.counters)
        spans = self._spans = None if tracer is None else Spans(tracer)
        self._adapters = AdapterLeg(catalog, seals, self._affinity, self._pool, settings, self.counters, spans)
        self._router = RouterLeg(catalog, secret, self._affinity, self._router_pool, settings, self.counters, spans)
        self._drain = Drain()
        self._cors = Cors(settings.allowed_origins, dev=protected is None)
        self._metadata = None if protected is None else Metadata(protected, self._cors)
        self._admission = Admission(catalog, identify, settings, self._cors)
        self._refusals = Refusals(self._admission, self.counters, protected, audit)
        self._server: Server | None = None
        self._listener: asyncio.Server | None = None
        self._sweep: Sweep | None = None

    async def start(self, host: str, port: int) -> int:
        """Listens, and returns the port (given 0, one that was free). Raises OSError where it cannot."""
        server = self._server = self._made(self._settings.idle_seconds)
        listener = await asyncio.get_running_loop().create_server(server, host, port, backlog=BACKLOG)
        self._listener = listener
        bound: int = listener.sockets[0].getsockname()[1]
        self._admission.bind(host, bound)
        self._sweep = Sweep(server, self._settings.stall_seconds, self._affinity.forget)
        self._sweep.start()
        return bound

    def readings(self) -> Iterator[Reading]:
        """What it counts, for whoever exports that."""
        yield from of_data_plane(self.counters)
        yield from of_durations(its.HTTP, HTTP_WORDS, self.counters.durations)

    @property
    def under_way(self) -> int:
        """How many requests are."""
        return self._drain.active

    async def drain(self) -> None:
        """Unready from now on; returns when no request is under way, at the latest after `drain_seconds`."""
        if not await self._drain.wait(self._settings.drain_seconds):
            log.info("drained: %d requests are still under way", self.under_way)

    async def leave(self) -> None:
        """Takes no new connection, and closes each that is idle; returns when none is left, at the latest after
        `drain_seconds`. For the time when nobody is sent here any more: until then connections end with their next answer.
        """
        if self._listener is None or self._server is None:
            return
        self._drain.draining = True
        self._listener.close()
        try:
            async with asyncio.timeout(self._settings.drain_seconds):
                while self._server.dismiss():  # noqa: ASYNC110 (time is what is waited for: that they are idle for long)
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError:
            log.info("left: %d requests are still under way", self.under_way)

    async def stop(self) -> None:
        """Closes the port, cuts what is still under way, closes every connection."""
        if self._listener is not None:
            self._listener.close()
        if self._server is not None:
            self._server.pre_shutdown()
            await self._server.shutdown(CUT_SECONDS)
            await self._drain.wait(STOP_SECONDS)
        if self._sweep is not None:
            self._sweep.stop()
        self._pool.close()
        self._router_pool.close()

    def over(self, request: Request) -> None:
        """See Front."""
        self._drain.leave()
        self._note(request)

    def resumed(self, express: Express, error: BaseException) -> Coroutine[Any, Any, Sent]:
        """See Front."""
        request = express.request
        return self._finished(request, express.leg.resumed(request, express.plan, express.instance, error))

    def _made(self, idle_seconds: float) -> Server:
        if self._settings.fast_lane:
            return FastServer(self._serve, self._direct, idle_seconds=idle_seconds)
        return Server(self._serve, idle_seconds=idle_seconds)

    def _direct(self, request: Request, line: Line) -> Express | None:
        """Sends a request at once that needs nothing but that. None: it needs more, and `_serve` sees to it."""
        plan, place = request.head.plan, request.head.place
        if not isinstance(plan, Plan) or place is None or self._drain.draining or request.is_sampled:
            return None
        leg = self._adapters if place.place == "adapter" else self._router
        try:
            way = leg.direct(request, plan, self._admission)
            if way is None:
                return None
            instance, connection = way
            express = Express(self, line, leg, request, plan, instance)
            express.send(connection)
        except (GatewayError, Stale):
            return None  # said once more, and answered, by whoever serves it now
        self.counters.requests += 1
        self.counters.direct += 1
        self._drain.active += 1
        return express

    async def _serve(self, request: Request) -> Sent:
        self.counters.requests += 1
        self._drain.active += 1
        if request.is_sampled:
            self._trace(request)
        return await self._finished(request, self._routed(request))

    async def _routed(self, request: Request) -> Sent:
        place = request.head.place or self._place(request.head)
        if self._drain.draining:
            request.keep_alive = False  # the next request shall find another process
        if place.place == "adapter":
            return await self._adapters.serve(request, place.name, self._admission)
        if place.place == "router":
            return await self._router.serve(request, self._admission)
        return await self._answer(request, place)

    async def _finished(self, request: Request, serving: Coroutine[Any, Any, Sent]) -> Sent:
        """What becomes of a request in a task, and its end."""
        try:
            return await serving
        except GatewayError as error:
            return self._refusals.answer(request, error)
        except Exception:
            request.status = 500  # what broke in us is answered so, by the connection
            raise
        finally:
            self.over(request)

    def _trace(self, request: Request) -> None:
        self.counters.sampled += 1
        if self._spans is not None:
            self._spans.begin(request)

    def _note(self, request: Request) -> None:
        """The request is answered, or its client gone."""
        head = request.head
        place = head.place
        key = (METHODS.get(head.method, OTHER), "" if place is None else place.place, request.status)
        self.counters.durations.add(key, request.client.now() - request.started)
        if request.span is not None and self._spans is not None:
            self._spans.end(request, request.span)

    def _place(self, head: RequestHead) -> Route:
        """Where a head belongs, if it may come in at all: that depends on nothing but the head and our address."""
        self._admission.check_edge(head)
        if is_metadata(head.path):
            if self._metadata is None:
                raise NotFound("There is nothing here.")
            place = route(head.method, head.path, False)
        elif head.cors and is_preflight(head):
            place = preflight(head.path)
        else:
            place = route(head.method, head.path, head.fields.modern)
        head.place = place
        return place

    async def _answer(self, request: Request, place: Route) -> Sent:
        match place.place:
            case "ping":
                return whole(request, 200)
            case "ready":
                return self._ready(request)
            case "index":
                return _index(request)
            case "preflight":
                return self._cors.answer(request, place.name)
            case "metadata" if self._metadata is not None:
                return self._metadata.answer(request, place.name)
            case _ if self._control_plane is not None:
                await self._admission.take_turn(request)
                return await self._control_plane.forward(request, self._settings, self._spans)
            case _:
                raise Unavailable("No control plane is configured.")

    def _ready(self, request: Request) -> Sent:
        """Answered, not raised: being unready is nothing that failed, and is asked all the time."""
        if self._drain.draining:
            return refusal(request, Unavailable("Draining."), rpc=False)
        if not self._catalog.synced:
            return refusal(request, Unavailable("The catalog is not complete yet."), rpc=False)
        return whole(request, 200)


def _index(request: Request) -> Sent:
    if index.prefers_html(request.head.fields.get("Accept") or ""):
        return whole(request, 200, index.as_html(), "text/html; charset=utf-8", {"Vary": "Accept"})
    return whole(request, 200, index.as_json(), JSON, {"Vary": "Accept"})
