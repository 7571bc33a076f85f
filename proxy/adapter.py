"""AdapterLeg: one request to an adapter, from its route to its answer: admit, place, send, relay. Parses no header, no body."""

from collections.abc import Awaitable

from gateway.catalog import Catalog, Instance, Listing, until
from gateway.identity import Principal, check_audience
from gateway.reply import Broken, NotConnected
from gateway.seal import KeyRing
from gateway.telemetry.counters import Counters
from gateway.trust import stamp
from gateway.upstream import Pool
from proxy.admission import Admission, check_rights
from proxy.affinity import Affinity
from proxy.answers import SessionNotFound
from proxy.head import RequestHead
from proxy.leg import Leg
from proxy.plan import Plan
from proxy.request import Request, Sent
from proxy.sessions import Session, Sessions
from proxy.settings import Settings
from proxy.spans import Spans

DROP_SECONDS = 1.0  # how long the catalog may take to learn what a broken connection already told us


class AdapterPlan(Plan):
    """What a head comes to at an adapter."""

    __slots__ = ("_sessions", "session")

    challenge = "The server asks for credentials of its own; the gateway has none to give."

    def __init__(self, sessions: Sessions, head: RequestHead, caller: Principal, listing: Listing) -> None:
        super().__init__(head, caller, listing)
        self._sessions = sessions
        self.session: Session | None = sessions.open(self.given, self.name, caller) if self.given else None
        self.holder = held_by(listing, self.session.uid) if self.session is not None else None
        if self.modern and listing.card.affinity == "principal":
            self.key = caller.id

    @property
    def placed(self) -> bool:
        """See Plan: a session is where it is."""
        return not self.given

    @property
    def endpoint(self) -> str:
        """See Plan."""
        return f"/adapters/{self.name}/mcp"

    def rename(self, uid: str, status: int, upstream: bytes) -> bytes | None:
        """See Plan: what servers repeat on every reply is the client's own id, anything else is a new one."""
        session = self.session
        if session is not None and upstream == session.upstream and status < 400:
            return session.sealed.encode("ascii")
        if self.modern:
            return None
        name = self._sessions.rename(status, upstream, session, uid, self.name, self.caller)
        return None if name is None else name.encode("ascii")

    def _told(self) -> bytes:
        session = b"Mcp-Session-Id: %b\r\n" % self.session.upstream if self.session is not None else b""
        return self._head.fields.lines() + stamp(self.caller) + session


class AdapterLeg(Leg):
    """Everything that requests to adapters share."""

    def __init__(
        self,
        catalog: Catalog,
        seals: KeyRing,
        affinity: Affinity,
        pool: Pool,
        settings: Settings,
        counters: Counters,
        spans: Spans | None = None,
    ) -> None:
        super().__init__(catalog, affinity, pool, settings, counters, spans)
        self._sessions = Sessions(seals, counters)

    async def serve(self, request: Request, name: str, admission: Admission) -> Sent:
        """Answers one request. Raises GatewayError as long as nothing of an answer was written."""
        head = request.head
        caller = admission.remembered(head) or await admission.caller(head)
        if caller.only_at:
            check_audience(caller, f"/adapters/{name}/mcp")
        if admission.turns is not None:
            await admission.turns.take(request, caller)
        listing = self._catalog.get("adapter", name) or await admission.awaited(name)
        plan = head.plan
        if not isinstance(plan, AdapterPlan) or not plan.holds(listing, caller):
            plan = head.plan = self._plan(head, caller, listing)
        self._begin(request)
        if plan.placed:
            return await self._placed(request, plan)
        if plan.holder is None:
            self.counters.seals_refused += 1
            raise SessionNotFound
        body = await self._body(request) if request.payload is not None else None
        return await self._held(plan, plan.holder, self._send(request, plan, plan.holder, body))

    async def resumed(self, request: Request, plan: Plan, instance: Instance, error: BaseException) -> Sent:
        """See Leg."""
        resuming = super().resumed(request, plan, instance, error)
        return await (resuming if plan.placed else self._held(plan, instance, resuming))

    def _plan(self, head: RequestHead, caller: Principal, listing: Listing) -> AdapterPlan:
        check_rights(listing, caller)
        return AdapterPlan(self._sessions, head, caller, listing)

    async def _held(self, plan: Plan, holder: Instance, sending: Awaitable[Sent]) -> Sent:
        """What an instance answers that has the session. Raises SessionNotFound where that one is gone."""
        try:
            return await sending
        except (NotConnected, Broken):
            if await self._is_dropped(plan.name, holder.uid):
                raise SessionNotFound from None
            raise

    async def _is_dropped(self, name: str, uid: str) -> bool:
        """Whether the instance is gone, or is found to be within a moment."""
        listing = await until(
            self._catalog, "adapter", name, lambda listing: held_by(listing, uid) is None, DROP_SECONDS
        )
        return held_by(listing, uid) is None


def held_by(listing: Listing | None, uid: str) -> Instance | None:
    """The instance of that uid, ready or not: one that terminates keeps its sessions."""
    if listing is not None:
        for instance in listing.instances:
            if instance.uid == uid:
                return instance
    return None
