"""AdapterLeg: one request to an adapter, from its route to its answer: admit, place, send, relay. Parses no header, no body."""

import asyncio
import logging

from gateway.catalog import Catalog, Instance, Listing, until
from gateway.errors import GatewayError
from gateway.identity import Principal
from gateway.logs import request_id
from gateway.reply import Broken, NotConnected
from gateway.seal import KeyRing
from gateway.telemetry import Counters
from gateway.trust import stamp
from gateway.upstream import Pool
from proxy.admission import Admission, check_rights
from proxy.affinity import Affinity
from proxy.answers import SessionNotFound
from proxy.body import Body, take
from proxy.limits import check_length
from proxy.relay import Relay
from proxy.request import Request, Sent
from proxy.sessions import Naming, Session, given, open_id
from proxy.settings import Settings

DROP_SECONDS = 1.0  # how long the catalog may take to learn what a broken connection already told us

log = logging.getLogger(__name__)


class AdapterLeg:
    """Everything that requests to adapters share."""

    def __init__(
        self, catalog: Catalog, seals: KeyRing, affinity: Affinity, pool: Pool, settings: Settings, counters: Counters
    ) -> None:
        self._catalog = catalog
        self._seals = seals
        self._affinity = affinity
        self._pool = pool
        self._settings = settings
        self._counters = counters

    async def serve(self, request: Request, name: str, admission: Admission) -> Sent:
        """Answers one request. Raises GatewayError as long as nothing of an answer was written."""
        caller = await admission.caller(request)
        listing = await admission.adapter(name, caller)
        check_length(request, self._settings.body_limit)
        call = Call(request, name, caller, listing)
        if call.sealed:
            return await self._in_session(call)
        return await self._placed(call)

    async def _in_session(self, call: "Call") -> Sent:
        session = open_id(self._seals, call.sealed, call.name, call.caller)
        instance = session and _held_by(call.listing, session.uid)
        if session is None or instance is None:
            self._counters.seals_refused += 1
            raise SessionNotFound
        try:
            return await self._send(call, instance, session)
        except (NotConnected, Broken):
            if await self._is_dropped(call.name, instance.uid):
                raise SessionNotFound from None
            raise

    async def _placed(self, call: "Call") -> Sent:
        """On an instance of our choice; where one takes no connection, on another; where none does, once there is news."""
        deadline = asyncio.get_running_loop().time() + self._settings.hold_seconds
        tried: frozenset[str] = frozenset()
        while True:
            instance = self._affinity.choose(call.listing, call.caller, modern=call.modern, tried=tried)
            if instance is None:
                seconds = deadline - asyncio.get_running_loop().time()
                call.listing = await self._affinity.hold(call.name, call.listing if tried else None, seconds)
                check_rights(call.listing, call.caller)  # they may have changed meanwhile
                tried = frozenset()
                continue
            try:
                return await self._send(call, instance, None)
            except NotConnected:
                tried |= {instance.uid}

    async def _send(self, call: "Call", instance: Instance, session: Session | None) -> Sent:
        request = call.request
        body = call.body = call.body or await take(request, self._settings.body_limit)
        naming = Naming(self._seals, instance.uid, call.name, call.caller, session, call.modern)
        relay = Relay(request, naming, self._counters)
        load = self._affinity.load(instance.uid)
        load.in_flight += 1
        try:
            await self._pool.exchange(
                instance,
                call.head(instance, session, body),
                relay,
                body=body.after(),
                head_seconds=self._settings.head_seconds,
            )
        except GatewayError as error:
            if not request.began:
                raise
            self._counters.failed += 1
            request_id.set(request.id)
            log.warning("cut: %s %s: %s", request.method, request.path[:256], error.detail)
            return request.cut()
        finally:
            load.in_flight -= 1
            relay.end()
        self._note_slow(request, relay.head_at)
        return request.sent()

    async def _is_dropped(self, name: str, uid: str) -> bool:
        """Whether the instance is gone, or is found to be within a moment."""
        listing = await until(
            self._catalog, "adapter", name, lambda listing: _held_by(listing, uid) is None, DROP_SECONDS
        )
        return _held_by(listing, uid) is None

    def _note_slow(self, request: Request, head_at: float) -> None:
        took = head_at - request.started
        if took > self._settings.slow_seconds:
            request_id.set(request.id)
            log.info("slow: %s %s: %.1f s until an answer began", request.method, request.path[:256], took)


class Call:
    """One request with all that was found out about it."""

    __slots__ = ("body", "caller", "listing", "modern", "name", "query", "request", "sealed")

    def __init__(self, request: Request, name: str, caller: Principal, listing: Listing) -> None:
        self.request = request
        self.name = name
        self.caller = caller
        self.listing = listing
        self.modern = request.fields.modern
        sealed, self.query = given(request)
        self.sealed = "" if self.modern else sealed
        self.body: Body | None = None

    def head(self, instance: Instance, session: Session | None, body: Body) -> bytes:
        """The request for an instance: its head, and the body as far as that goes with it.

        `Host: localhost`, because servers on the official SDK refuse names they do not know (421).
        """
        request = self.request
        target = self.listing.card.path + ("?" + self.query if self.query else "")
        return b"".join(
            (
                b"%b %b HTTP/1.1\r\nHost: localhost:%d\r\n"
                % (request.method.encode(), target.encode("utf-8", "surrogateescape"), instance.port),
                request.fields.lines,
                stamp(self.caller),
                b"Mcp-Session-Id: %b\r\n" % session.upstream if session is not None else b"",
                body.framing(request.method),
                b"\r\n",
                body.together(),
            )
        )


def _held_by(listing: Listing | None, uid: str) -> Instance | None:
    """The instance of that uid, ready or not: one that terminates keeps its sessions."""
    return next((it for it in listing.instances if it.uid == uid), None) if listing is not None else None
