"""ToolRequest: a call of a tool as it goes on the wire, and as a trace has it. Pure. Who is asked when, `tool_call` knows."""

import msgspec

from gateway.catalog import Instance, Listing
from gateway.telemetry.span import Value

_LONGEST = 1024  # characters of a header that came in a body: a tool must not refuse a call because of it


class Trace(msgspec.Struct, frozen=True, gc=False):
    """What a tool is told of where a call comes from: the request's id, `traceparent`, `tracestate`; empty: nothing."""

    request_id: str = ""
    parent: str = ""
    state: str = ""


def tool_request(listing: Listing, arguments: bytes, trace: Trace) -> bytes:
    """`POST` of the arguments. No identity and no credentials: a tool is not told who asks."""
    card = listing.card
    return b"POST %b HTTP/1.1\r\nHost: localhost:%d\r\n%b%b%b%bContent-Length: %d\r\n\r\n%b" % (
        card.path.encode(),
        card.port,
        b"Content-Type: application/json\r\nAccept: application/json, */*;q=0.5\r\n",
        _line(b"X-Request-Id", trace.request_id),
        _line(b"traceparent", trace.parent),
        _line(b"tracestate", trace.state if trace.parent else ""),
        len(arguments),
        arguments,
    )


def words_of(instance: Instance, listing: Listing) -> dict[str, Value]:
    """What the step of a trace says of a call: whom it went to, never with what."""
    card = listing.card
    return {
        "http.request.method": "POST",
        "url.full": f"http://{instance.host}:{instance.port}{card.path.partition('?')[0]}",
        "server.address": instance.host,
        "server.port": instance.port,
        "gen_ai.tool.name": card.name,
        "mcp_gateway.instance": instance.uid,
    }


def _line(name: bytes, value: str) -> bytes:
    if not value or len(value) > _LONGEST or not value.isascii() or not value.isprintable():
        return b""
    return b"%b: %b\r\n" % (name, value.encode())
