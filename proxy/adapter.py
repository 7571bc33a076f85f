"""AdapterLeg: one request to an adapter, from its route to its answer: admit, place, send, relay. Parses no header, no body."""

import logging

from gateway.catalog import Catalog, Instance, Listing, until
from gateway.errors import GatewayError
from gateway.identity import Principal
from gateway.logs import request_id
from gateway.reply import Broken, NotConnected
from gateway.seal import KeyRing
from gateway.telemetry import Counters
from gateway.upstream import Pool
from proxy.admission import Admission, check_rights
from proxy.affinity import Affinity
from proxy.answers import SessionNotFound
from proxy.body import Body, read
from proxy.head import RequestHead
from proxy.limits import check_size
from proxy.plan import Plan, held_by
from proxy.relay import Relay
from proxy.request import Request, Sent
from proxy.sessions import Sessions
from proxy.settings import Settings

DROP_SECONDS = 1.0  # how long the catalog may take to learn what a broken connection already told us

log = logging.getLogger(__name__)


class AdapterLeg:
    """Everything that requests to adapters share."""

    def __init__(
        self, catalog: Catalog, seals: KeyRing, affinity: Affinity, pool: Pool, settings: Settings, counters: Counters
    ) -> None:
        self._catalog = catalog
        self._sessions = Sessions(seals)
        self._affinity = affinity
        self._pool = pool
        self._settings = settings
        self._body_limit = settings.body_limit
        self._head_seconds = settings.head_seconds
        self._slow_seconds = settings.slow_seconds
        self._counters = counters

    async def serve(self, request: Request, name: str, admission: Admission) -> Sent:
        """Answers one request. Raises GatewayError as long as nothing of an answer was written."""
        head = request.head
        caller = admission.remembered(head) or await admission.caller(head)
        listing = self._catalog.get("adapter", name) or await admission.awaited(name)
        plan = head.plan
        if plan is None or not plan.holds(listing, caller):
            plan = head.plan = self._plan(head, caller, listing)
        check_size(request.length or 0, self._body_limit)
        if request.is_sampled:
            self._counters.sampled += 1
        if not plan.sealed:
            return await self._placed(request, plan)
        if plan.holder is None:
            self._counters.seals_refused += 1
            raise SessionNotFound
        body = await self._body(request) if request.payload is not None else None
        try:
            return await self._send(request, plan, plan.holder, body)
        except (NotConnected, Broken):
            if await self._is_dropped(name, plan.holder.uid):
                raise SessionNotFound from None
            raise

    def _plan(self, head: RequestHead, caller: Principal, listing: Listing) -> Plan:
        check_rights(listing, caller)
        return Plan(self._sessions, head, caller, listing)

    async def _placed(self, request: Request, plan: Plan) -> Sent:
        """On an instance of our choice; where one takes no connection, on another; where none does, once there is news."""
        deadline = request.started + self._settings.hold_seconds
        tried: frozenset[str] = frozenset()
        body: Body | None = None
        while True:
            instance = self._affinity.choose(plan.listing, plan.caller, modern=plan.modern, tried=tried)
            if instance is None:
                refused = plan.listing if tried else None
                listing = await self._affinity.hold(plan.name, refused, deadline - request.client.now())
                plan = self._plan(request.head, plan.caller, listing)  # rights may have changed meanwhile
                tried = frozenset()
                continue
            if body is None and request.payload is not None:
                body = await self._body(request)  # not before it has somewhere to go
            try:
                return await self._send(request, plan, instance, body)
            except NotConnected:
                tried |= {instance.uid}

    async def _body(self, request: Request) -> Body:
        return await read(request, self._settings.body_limit)

    async def _send(self, request: Request, plan: Plan, instance: Instance, body: Body | None) -> Sent:
        relay = Relay(request, plan, instance.uid, self._counters)
        load = self._affinity.load(instance.uid)
        load.in_flight += 1
        try:
            await self._pool.exchange(
                instance,
                plan.lines(instance, request) + (request.data if body is None else body.together()),
                relay,
                body=None if body is None else body.after(),
                head_seconds=self._head_seconds,
            )
        except GatewayError as error:
            if not request.began:
                raise
            self._counters.failed += 1
            request_id.set(request.id)
            log.warning("cut: %s: %s", request, error.detail)
            return request.cut()
        finally:
            load.in_flight -= 1
            relay.end()
        if relay.head_at - request.started > self._slow_seconds:
            _note_slow(request, relay.head_at - request.started)
        return request.sent()

    async def _is_dropped(self, name: str, uid: str) -> bool:
        """Whether the instance is gone, or is found to be within a moment."""
        listing = await until(
            self._catalog, "adapter", name, lambda listing: held_by(listing, uid) is None, DROP_SECONDS
        )
        return held_by(listing, uid) is None


def _note_slow(request: Request, took: float) -> None:
    request_id.set(request.id)
    log.info("slow: %s: %.1f s until an answer began", request, took)
