"""Instruments: the names of all metrics, what they count and in what. Pure; docs/telemetry.md is compared with this."""

from typing import Literal

import msgspec

# `counter` only grows, `updown` is how many there are now, `gauge` a measure of now, `histogram` durations.
type Kind = Literal["counter", "updown", "gauge", "histogram"]


class Instrument(msgspec.Struct, frozen=True):
    """One metric. Units are UCUM's, as OpenTelemetry has them."""

    name: str
    kind: Kind
    unit: str
    text: str


def _count(name: str, unit: str, text: str) -> Instrument:
    return Instrument(name, "counter", f"{{{unit}}}", text)


REQUESTS = _count("mcp_gateway.requests", "request", "Requests taken up")
REFUSED = _count("mcp_gateway.refused", "request", "Requests answered with an error that is the caller's")
FAILED = _count("mcp_gateway.failed", "request", "Requests that failed, or broke off while they were answered")
STREAMS = Instrument("mcp_gateway.streams", "updown", "{stream}", "Answers that are open")
SESSIONS = _count("mcp_gateway.sessions", "session", "Sessions begun")
SEALS_REFUSED = _count("mcp_gateway.seals.refused", "session", "Session ids that open nothing, or whose holder is gone")
CHOICES = _count("mcp_gateway.choices", "choice", "Choices of an instance")
HOLDS = _count("mcp_gateway.holds", "request", "Requests that waited for an instance to be ready")
HOLDS_EXPIRED = _count("mcp_gateway.holds.expired", "request", "Of those, the ones that waited in vain")
SAMPLED = _count("mcp_gateway.traces.sampled", "request", "Requests whose trace the caller wants recorded")
CATALOG_AGE = Instrument("mcp_gateway.catalog.age", "gauge", "s", "Time since the API server was heard of last")
ROUNDS = _count("mcp_gateway.reconcile.rounds", "round", "Rounds of reconcile")
ACTIONS = _count("mcp_gateway.reconcile.actions", "action", "What reconcile did")
ROUND_AGE = Instrument("mcp_gateway.reconcile.age", "gauge", "s", "Time since a round of reconcile was whole")
LOST = _count("mcp_gateway.telemetry.lost", "item", "Telemetry that did not arrive")
HTTP = Instrument(
    "http.server.request.duration", "histogram", "s", "Duration of HTTP requests, to the end of the answer"
)
MCP = Instrument("mcp.server.operation.duration", "histogram", "s", "Duration of MCP requests")

ALL = (
    REQUESTS,
    REFUSED,
    FAILED,
    STREAMS,
    SESSIONS,
    SEALS_REFUSED,
    CHOICES,
    HOLDS,
    HOLDS_EXPIRED,
    SAMPLED,
    CATALOG_AGE,
    ROUNDS,
    ACTIONS,
    ROUND_AGE,
    LOST,
    HTTP,
    MCP,
)
