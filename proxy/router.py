"""RouterLeg: one request to `/mcp`, from its route to its answer: who calls, which tool router, send, relay. Parses no header, no body.

A session there is no single router's: its id is data that the routers sealed for one another, so nothing is opened here.
All requests of a session go to one router nevertheless, as long as there is that one: a cancellation meets its call.
"""

from gateway.card import ROUTER
from gateway.catalog import Catalog, Instance, Listing
from gateway.errors import Unavailable
from gateway.identity import Principal, check_audience
from gateway.telemetry.counters import Counters
from gateway.trust import REQUEST_ID, reaches_the_router, vouch
from gateway.upstream import Pool
from proxy.admission import Admission
from proxy.affinity import Affinity
from proxy.answers import SessionNotFound
from proxy.head import RequestHead
from proxy.leg import Leg
from proxy.plan import Plan
from proxy.request import Request, Sent
from proxy.settings import Settings
from proxy.shape import Shape
from proxy.spans import Spans


class RouterPlan(Plan):
    """What a head comes to at the tool router. The request's id is told with each request, for it is each one's own."""

    __slots__ = ("_secret", "_varying")

    challenge = "The tool router does not accept the gateway's secret."

    def __init__(self, secret: str, head: RequestHead, caller: Principal, listing: Listing) -> None:
        """Raises SessionNotFound for an id that nobody's session can have (and that no header line could carry)."""
        super().__init__(head, caller, listing)
        if not all("!" <= c <= "~" for c in self.given):
            raise SessionNotFound
        self.key = self.given or None
        self._secret = secret
        self._varying = _less_the_id(head.varying)

    @property
    def endpoint(self) -> str:
        """See Plan."""
        return "/mcp"

    def lines(self, instance: Instance, request: Request) -> bytes:
        """See Plan."""
        if not self._rest:
            self._write()
        varying, id = self._varying.lines(request.varying), request.id.encode("ascii")
        return b"%b%d\r\n%b%bX-Request-Id: %b\r\n\r\n" % (self._start, instance.port, self._rest, varying, id)

    def rename(self, uid: str, status: int, upstream: bytes) -> bytes | None:
        """See Plan: the router's own name; later revisions know no sessions."""
        return None if self.modern or not upstream else upstream

    def _told(self) -> bytes:
        session = b"Mcp-Session-Id: %b\r\n" % self.given.encode("ascii") if self.given else b""
        return self._head.fields.lines_within() + vouch(self.caller, self._secret) + session


class RouterLeg(Leg):
    """Everything that requests to the tool router share. `secret` is what it knows the gateway by."""

    def __init__(
        self,
        catalog: Catalog,
        secret: str,
        affinity: Affinity,
        pool: Pool,
        settings: Settings,
        counters: Counters,
        spans: Spans | None = None,
    ) -> None:
        super().__init__(catalog, affinity, pool, settings, counters, spans)
        self._secret = secret

    async def serve(self, request: Request, admission: Admission) -> Sent:
        """Answers one request. Raises GatewayError as long as nothing of an answer was written."""
        head = request.head
        caller = admission.remembered(head) or await admission.caller(head)
        if caller.only_at:
            check_audience(caller, "/mcp")
        if admission.turns is not None:
            await admission.turns.take(request, caller)
        if not self._secret:
            raise Unavailable("The tool router is not set up: the gateway has no secret to show it.")
        self._begin(request)
        listing = self._catalog.get("platform", ROUTER)
        if listing is None:
            listing = await self._affinity.hold("platform", ROUTER, None, self._patience(request))
        plan = head.plan
        if not isinstance(plan, RouterPlan) or not plan.holds(listing, caller):
            plan = head.plan = self._plan(head, caller, listing)
        return await self._placed(request, plan)

    def _plan(self, head: RequestHead, caller: Principal, listing: Listing) -> RouterPlan:
        """Whoever is somebody may call: what that one sees and may do there, the router decides tool by tool."""
        try:
            return RouterPlan(self._secret, head, caller, listing)
        except SessionNotFound:
            self.counters.seals_refused += 1
            raise


def _less_the_id(varying: Shape) -> Shape:
    if not varying.where(REQUEST_ID):
        return varying
    return Shape(varying.names, lambda name: name == b"content-length" or reaches_the_router(name))
