"""Spans: the steps of a trace that the proxy notes: each request, and each time it asks whoever stands behind it.

Only for callers who asked for it, by a sampled `traceparent`; any other goes on as it came. Names are those of OpenTelemetry's
semantic conventions. Of the target nothing is told but known paths, of the headers nothing but what MCP repeats of its method.
"""

import re

from gateway.catalog import Instance
from gateway.telemetry.context import context
from gateway.telemetry.span import Span, Tracer, Value
from proxy.request import Request
from proxy.routes import Route

# What semantic conventions know; anything else is one of them (http.request.method).
METHODS = {
    method: method for method in ("GET", "HEAD", "POST", "PUT", "DELETE", "CONNECT", "OPTIONS", "TRACE", "PATCH")
}
OTHER = "_OTHER"
CANCELLED = "cancelled"  # the client was gone before there was an answer

_LINE = re.compile(rb"(?<=\r\n)traceparent:[^\r\n]*", re.IGNORECASE)
_PLAIN = re.compile(rb"[A-Za-z0-9_/.-]{1,64}\Z")
_FAILED = 500


class Spans:
    """Of one proxy."""

    def __init__(self, tracer: Tracer) -> None:
        self._tracer = tracer

    def begin(self, request: Request) -> None:
        """Begins the request's own, where its head says of which trace."""
        found = context(request.get("traceparent"), request.get("tracestate"))
        if found is not None:
            method = METHODS.get(request.head.method, OTHER)
            request.span = self._tracer.begin(method, "server", found, {"http.request.method": method})

    def end(self, request: Request, span: Span) -> None:
        """The request is answered, or given up."""
        place = request.head.place
        if place is not None and (path := _template(place)):
            span.name = f"{span.name} {path}"
            span.attributes["http.route"] = path
            span.attributes["url.path"] = request.head.path
        span.attributes |= {"url.scheme": "http", "mcp_gateway.request.id": request.id, **_mcp(request)}
        self._tracer.end(span, _outcome(span, request.status, _FAILED))

    def ask(self, request: Request, span: Span, instance: Instance, path: str) -> Span:
        """Begins the step to an instance, within the request's."""
        asked = self._begin(request, span, f"{instance.host}:{instance.port}{path}", instance.host, instance.port)
        asked.attributes["mcp_gateway.instance"] = instance.uid
        return asked

    def ask_control_plane(self, request: Request, span: Span, host: str, port: int) -> Span:
        """Begins the step to the control plane, within the request's."""
        return self._begin(request, span, f"{host}:{port}{request.head.path}", host, port)

    def answered(self, asked: Span, status: int) -> None:
        """The step is over; `status`: 0 where there was none."""
        self._tracer.end(asked, _outcome(asked, status, 400))

    def _begin(self, request: Request, span: Span, where: str, host: str, port: int) -> Span:
        method = METHODS.get(request.head.method, OTHER)
        words: dict[str, Value] = {
            "http.request.method": method,
            "url.full": f"http://{where}",
            "server.address": host,
            "server.port": port,
        }
        return self._tracer.begin(method, "client", span.context, words)


def carried(lines: bytes, asked: Span) -> bytes:
    """The lines of a head, with this step in place of the one that the client told us."""
    return _LINE.sub(b"traceparent: " + asked.traceparent.encode("ascii"), lines, count=1)


def _outcome(span: Span, status: int, failed: int) -> str:
    """Notes the status; what is wrong with it, in a word."""
    if not status:
        return span.error or CANCELLED
    span.attributes["http.response.status_code"] = status
    return span.error or (str(status) if status >= failed else "")


def _template(place: Route) -> str:
    """The path of a place without the names in it; empty where it is nobody's."""
    match place.place:
        case "adapter":
            return "/adapters/{name}/mcp"
        case "router":
            return "/mcp"
        case "ping" | "ready":
            return f"/{place.place}"
        case "index":
            return "/"
        case "control-plane":
            return place.name
        case _:
            return ""


def _mcp(request: Request) -> dict[str, Value]:
    """What 2026-07-28 repeats of the body in headers, and the revision. Bodies are not read here."""
    once = request.head.fields.once
    found = {"mcp.method.name": once.get(b"mcp-method"), "mcp.protocol.version": once.get(b"mcp-protocol-version")}
    return {name: value.decode() for name, value in found.items() if value is not None and _PLAIN.match(value)}
