"""Leg: what requests to adapters and to the tool router share: a place, the way there, the answer's way back. Parses nothing.

Who may go there, and what sessions are, the legs themselves say.
"""

import logging
from abc import ABC, abstractmethod
from contextvars import copy_context

from gateway.catalog import Catalog, Instance, Listing
from gateway.connection import Connection, Stale
from gateway.errors import GatewayError
from gateway.identity import Principal
from gateway.logs import request_id
from gateway.reply import NotConnected
from gateway.telemetry.chatter import Chatter
from gateway.telemetry.counters import Counters
from gateway.telemetry.span import Span, cause
from gateway.upstream import Pool
from proxy.admission import Admission
from proxy.affinity import Affinity, Load
from proxy.body import Body, read
from proxy.head import RequestHead
from proxy.limits import check_size
from proxy.plan import Plan
from proxy.relay import Relay
from proxy.request import Request, Sent
from proxy.settings import Settings
from proxy.spans import Spans, carried

log = logging.getLogger(__name__)


class Leg(ABC):
    """The way to the instances of something listed."""

    def __init__(
        self,
        catalog: Catalog,
        affinity: Affinity,
        pool: Pool,
        settings: Settings,
        counters: Counters,
        spans: Spans | None = None,
    ) -> None:
        self._catalog = catalog
        self._affinity = affinity
        self._pool = pool
        self._hold_seconds = settings.hold_seconds
        self._body_limit = settings.body_limit
        self.head_seconds = settings.head_seconds  # until a head must have come
        self._slow_seconds = settings.slow_seconds
        self.counters = counters
        self._spans = spans
        self._cuts, self._slow = Chatter(), Chatter()

    def direct(self, request: Request, plan: Plan, admission: Admission) -> tuple[Instance, Connection] | None:
        """Where a request goes that has nothing to wait for, and a kept connection; its caller's turn is taken.

        None: it has, or is not let in as it was before; nothing has happened then. Raises Unauthenticated, Unavailable.
        """
        caller, listing = admission.remembered(request.head), plan.listing
        if caller is None or (caller.only_at and caller.only_at != plan.endpoint):
            return None
        if self._catalog.get(listing.card.kind, listing.card.name) is not listing or not plan.holds(listing, caller):
            return None
        if (request.length or 0) > self._body_limit:
            return None
        instance = self._choose(plan, frozenset()) if plan.placed else plan.holder
        connection = self._pool.take(instance.uid) if instance is not None else None
        if instance is None or connection is None:
            request.aim = instance  # a second choice would be another, and this one never get a connection
            return None
        if admission.turns is not None and not admission.turns.take_now(caller):
            self._pool.keep(connection)
            return None
        self.counters.choices += plan.placed
        return instance, connection

    async def resumed(self, request: Request, plan: Plan, instance: Instance, error: BaseException) -> Sent:
        """Goes on with a request that was sent on a kept connection, and what came of that."""
        if isinstance(error, Stale):
            return await self._send(request, plan, instance, None, again=True)
        if isinstance(error, GatewayError) and request.began:
            return self._cut(request, error)
        raise error

    def load(self, instance: Instance) -> Load:
        """What an instance has to do for us."""
        return self._affinity.load(instance.uid)

    def answered(self, request: Request, head_at: float) -> None:
        """The answer, which began then, is complete."""
        if head_at - request.started > self._slow_seconds:
            copy_context().run(self._note_slow, request, head_at - request.started)

    @abstractmethod
    def _plan(self, head: RequestHead, caller: Principal, listing: Listing) -> Plan:
        """What a head comes to now. Raises GatewayError where it comes to nothing."""

    def _begin(self, request: Request) -> None:
        """Raises TooLarge where the head says so already."""
        check_size(request.length or 0, self._body_limit)

    async def _placed(self, request: Request, plan: Plan) -> Sent:
        """On an instance of our choice; where one takes no connection, on another; where none does, once there is news."""
        tried: frozenset[str] = frozenset()
        body: Body | None = None
        while True:
            instance = _aimed(request, plan) or self._choose(plan, tried)
            if instance is None:
                card, refused = plan.listing.card, plan.listing if tried else None
                listing = await self._affinity.hold(card.kind, card.name, refused, self._patience(request))
                plan = self._plan(request.head, plan.caller, listing)  # rights may have changed meanwhile
                tried = frozenset()
                continue
            if body is None and request.payload is not None:
                body = await self._body(request)  # not before it has somewhere to go
            self.counters.choices += 1
            try:
                return await self._send(request, plan, instance, body)
            except NotConnected:
                tried |= {instance.uid}

    def _choose(self, plan: Plan, tried: frozenset[str]) -> Instance | None:
        """A ready instance not tried before. What a key comes to is found out once, and holds as long as the plan does."""
        if plan.home is not None and not tried:
            return plan.home
        instance = self._affinity.choose(plan.listing, plan.key, tried)
        if plan.key is not None and not tried:
            plan.home = instance
        return instance

    def _patience(self, request: Request) -> float:
        """For how many seconds a request may still wait for an instance."""
        return request.started + self._hold_seconds - request.client.now()

    async def _body(self, request: Request) -> Body:
        return await read(request, self._body_limit)

    async def _send(
        self, request: Request, plan: Plan, instance: Instance, body: Body | None, *, again: bool = False
    ) -> Sent:
        relay = Relay(request, plan, instance.uid, self.counters)
        load = self.load(instance)
        lines, asked = plan.lines(instance, request), self._asked(request, plan, instance)
        if asked is not None:
            lines = carried(lines, asked)
        load.in_flight += 1
        try:
            await self._pool.exchange(
                instance,
                lines + (request.data if body is None else body.together()),
                relay,
                body=None if body is None else body.after(),
                head_seconds=self.head_seconds,
                again=again,
            )
        except GatewayError as error:
            if asked is not None:
                asked.error = cause(error)
            if not request.began:
                raise
            return self._cut(request, error)
        finally:
            load.in_flight -= 1
            relay.end()
            if asked is not None and self._spans is not None:
                self._spans.answered(asked, request.status)
        self.answered(request, relay.head_at)
        return request.sent()

    def _asked(self, request: Request, plan: Plan, instance: Instance) -> Span | None:
        """The step to an instance, where the request's is noted."""
        if request.span is None or self._spans is None:
            return None
        return self._spans.ask(request, request.span, instance, plan.listing.card.path)

    def _cut(self, request: Request, error: GatewayError) -> Sent:
        self.counters.failed += 1
        if request.span is not None:
            request.span.error = cause(error)
        if self._cuts.may():
            request_id.set(request.id)
            log.warning("cut: %s: %s%s", request, error.detail, self._cuts.more())
        return request.cut()

    def _note_slow(self, request: Request, took: float) -> None:
        if self._slow.may():
            request_id.set(request.id)
            log.info("slow: %s: %.1f s until an answer began%s", request, took, self._slow.more())


def _aimed(request: Request, plan: Plan) -> Instance | None:
    """Where the request was about to go, if that is still there: it may have waited for its turn since."""
    aim, request.aim = request.aim, None
    return aim if aim in plan.listing.instances else None
