"""ToolCalls: a tool, called over plain HTTP: found, its arguments checked, an instance asked, the reply judged. Speaks no MCP.

The tool router and the agents call tools through this. What goes wrong with a tool is an Outcome in words that a model can
act on, never an exception, and never holds an address, a header or a stack trace of the tool.
"""

import asyncio
import logging
from typing import TypeGuard

from msgspec import UNSET

from gateway.access import may_call
from gateway.audit import Audit, Result
from gateway.catalog import AGAIN_SECONDS, Catalog, Instance, Listing, two_of, until
from gateway.errors import BadUpstream, GatewayError, NotFound, UpstreamTimeout
from gateway.identity import Principal
from gateway.logs import request_id as log_id
from gateway.reply import NotConnected
from gateway.telemetry.chatter import Chatter
from gateway.telemetry.context import context
from gateway.telemetry.counters import Counters
from gateway.telemetry.span import Tracer, cause
from gateway.tool_checks import Checks, ToolChecks
from gateway.tool_reply import Outcome, outcome_of
from gateway.tool_request import Trace, tool_request, words_of
from gateway.upstream import Pool, Reply, fetch

UNKNOWN_SECONDS = 1.0  # another replica's 201 may be ahead of our catalog
UNKNOWN_WAITERS = 256
SLOW_SECONDS = 10.0  # from when on a call is worth a log line

_log = logging.getLogger(__name__)


class UnknownTool(NotFound):
    """There is no such tool for this caller: missing and hidden tools are the same to whoever asks."""

    def __init__(self, name: str) -> None:
        super().__init__(f"Unknown tool: {name}")


class ToolCalls:
    """Calls of one process. `hold_seconds`: how long a call may wait for an instance; `reply_limit`: bytes of a reply.

    `counters` are told of choices and holds, `tracer` of calls whose trace is recorded.
    """

    def __init__(
        self,
        catalog: Catalog,
        pool: Pool,
        audit: Audit,
        *,
        hold_seconds: float = 30.0,
        reply_limit: int = 10_000_000,
        counters: Counters | None = None,
        tracer: Tracer | None = None,
    ) -> None:
        self.checks = ToolChecks()
        self._catalog = catalog
        self._pool = pool
        self._audit = audit
        self._hold_seconds = hold_seconds
        self._reply_limit = reply_limit
        self._counters = counters or Counters()
        self._tracer = tracer
        self._slow = Chatter()
        self._in_flight: dict[str, int] = {}
        self._waiting = 0

    async def find(self, caller: Principal, name: str, request_id: str = "") -> Listing:
        """The tool of that name that `caller` may call, awaited for a moment. Raises UnknownTool.

        Waiting is the same for a missing and for a hidden tool, so that its length tells nothing.
        """
        listing = self._catalog.get("tool", name)
        if _is_open(listing, caller):
            return listing
        if self._waiting < UNKNOWN_WAITERS:
            self._waiting += 1
            try:
                listing = await until(
                    self._catalog, "tool", name, lambda found: _is_open(found, caller), UNKNOWN_SECONDS
                )
            finally:
                self._waiting -= 1
        if _is_open(listing, caller):
            return listing
        self._audit.tool_call(caller, name[:128], "denied" if listing else "unknown", 0, request_id)
        raise UnknownTool(name)

    def refuse(self, caller: Principal, name: str, request_id: str = "") -> None:
        """Notes a call that was refused for how it was asked, before any tool was looked for or called."""
        self._audit.tool_call(caller, name[:128], "invalid", 0, request_id)

    async def call(
        self,
        caller: Principal,
        listing: Listing,
        arguments: bytes,
        *,
        request_id: str = "",
        traceparent: str = "",
        tracestate: str = "",
    ) -> Outcome:
        """Calls a tool that `find` found, with a JSON text as arguments; one audit line whatever becomes of it.

        Cancelled: the HTTP call is cut at once.
        """
        trace = Trace(request_id, traceparent, tracestate)
        loop = asyncio.get_running_loop()
        started = loop.time()
        result: Result = "failed"
        try:
            outcome = await self._outcome(caller, listing, arguments, trace)
            result = outcome.result
        except asyncio.CancelledError:
            result = "cancelled"
            raise
        finally:
            took = loop.time() - started
            self._audit.tool_call(caller, listing.card.name, result, took, request_id)
            if took > SLOW_SECONDS:
                self._note_slow(listing.card.name, took, request_id)
        return outcome

    def _note_slow(self, name: str, took: float, id: str) -> None:
        if self._slow.may():
            log_id.set(id)
            _log.info("slow: tool `%s`: %.1f s%s", name, took, self._slow.more())

    async def _outcome(self, caller: Principal, listing: Listing, arguments: bytes, trace: Trace) -> Outcome:
        try:
            return await self._answered(caller, listing, arguments, trace)
        except _Unfit as error:
            return Outcome("invalid", error.detail)
        except UpstreamTimeout:
            return Outcome("timeout", f"The tool did not answer within {listing.card.timeout} s.")
        except _Unanswered as error:
            return Outcome("unavailable", error.detail)
        except BadUpstream as error:
            return Outcome("failed", f"The tool failed: {error.detail}")

    async def _answered(self, caller: Principal, listing: Listing, arguments: bytes, trace: Trace) -> Outcome:
        """What an instance made of it; where one takes no connection, another. Raises as `fetch`, _Unfit and _Unanswered."""
        deadline = asyncio.get_running_loop().time() + self._hold_seconds
        tried: frozenset[str] = frozenset()
        held = False
        while True:
            checks = self._fitted(listing, arguments)
            instance = self._chosen(listing, tried)
            if instance is None:
                self._counters.held += not held
                held = True
                listing = await self._news(caller, listing, tried, deadline)
                tried = frozenset()
                continue
            try:
                return outcome_of(await self._asked(instance, listing, arguments, trace), checks)
            except NotConnected:
                tried |= {instance.uid}
                listing = self._current(caller, listing)

    def _fitted(self, listing: Listing, arguments: bytes) -> Checks:
        """What is to be checked of the reply, once the arguments were. Raises _Unfit."""
        checks = self.checks.of(listing.card)
        if wrong := checks.arguments(arguments):
            raise _Unfit(f"The arguments do not fit the tool's input schema: {wrong}")
        return checks

    async def _asked(self, instance: Instance, listing: Listing, arguments: bytes, trace: Trace) -> Reply:
        """The reply of an instance; where the trace is recorded, within a step of its own."""
        parent = None if self._tracer is None else context(trace.parent, trace.state)
        if parent is None or self._tracer is None:
            return await self._fetched(instance, tool_request(listing, arguments, trace), listing.card.timeout)
        span = self._tracer.begin("POST", "client", parent, words_of(instance, listing))
        within = Trace(trace.request_id, span.traceparent, trace.state)
        error = ""
        try:
            reply = await self._fetched(instance, tool_request(listing, arguments, within), listing.card.timeout)
            status = span.attributes["http.response.status_code"] = reply.head.status
            error = str(status) if status >= 400 else ""
        except BaseException as raised:
            error = cause(raised)
            raise
        finally:
            self._tracer.end(span, error)
        return reply

    async def _fetched(self, instance: Instance, request: bytes, seconds: float) -> Reply:
        loads = self._in_flight
        loads[instance.uid] = loads.get(instance.uid, 0) + 1
        try:
            return await fetch(self._pool, instance, request, limit=self._reply_limit, seconds=seconds)
        finally:
            loads[instance.uid] -= 1
            if not loads[instance.uid]:
                del loads[instance.uid]

    def _chosen(self, listing: Listing, tried: frozenset[str]) -> Instance | None:
        """The less loaded of two ready instances, not tried before, picked at random."""
        _refuse_vain(listing)
        ready = [instance for instance in listing.instances if instance.ready and instance.uid not in tried]
        if ready:
            self._counters.choices += 1
        if len(ready) < 2:
            return ready[0] if ready else None
        return min(two_of(ready), key=lambda instance: self._in_flight.get(instance.uid, 0))

    async def _news(self, caller: Principal, listing: Listing, tried: frozenset[str], deadline: float) -> Listing:
        """The tool as it is once an instance is ready; those that took no connection are news again in a moment.

        Raises _Unanswered where none will be, or not in time.
        """
        seconds = deadline - asyncio.get_running_loop().time()
        if seconds <= 0:
            self._counters.expired += 1
            why = "The tool takes no connection." if tried else "No instance of the tool is ready."
            raise _Unanswered(f"{why} Try again later.")

        def decided(now: Listing | None) -> bool:
            return _is_decided(now) and not (tried and now is listing)

        await until(
            self._catalog, "tool", listing.card.name, decided, min(AGAIN_SECONDS, seconds) if tried else seconds
        )
        return self._current(caller, listing)

    def _current(self, caller: Principal, listing: Listing) -> Listing:
        """The listing as it is now: rights may have changed, and a namesake is another tool."""
        now = self._catalog.get("tool", listing.card.name)
        if not _is_open(now, caller) or now.card.uid != listing.card.uid:
            raise _Unanswered("The tool is not there any more.")
        return now


class _Unanswered(GatewayError):
    """Nobody was asked."""


class _Unfit(GatewayError):
    """The arguments are not what the tool takes."""


def _is_open(listing: Listing | None, caller: Principal) -> TypeGuard[Listing]:
    """Whether there is a tool that the caller may call."""
    return listing is not None and listing.card.tool is not UNSET and may_call(caller, listing.card)


def _is_decided(listing: Listing | None) -> bool:
    return (
        listing is None
        or listing.card.replicas == 0
        or listing.card.state == "failed"
        or any(instance.ready for instance in listing.instances)
    )


def _refuse_vain(listing: Listing) -> None:
    """Raises _Unanswered for a tool that waiting will not bring."""
    card = listing.card
    if card.replicas == 0:
        raise _Unanswered("The tool is stopped (replicaCount 0).")
    if card.state == "failed":
        raise _Unanswered("The tool cannot start; whoever runs it finds the reason in its status.")
