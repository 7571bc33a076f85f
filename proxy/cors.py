"""Cors: what browsers are told, so that pages of other origins may call and read (Fetch standard §3.3). Lets nobody in.

Whether an origin may call at all is `admission`'s to say; what servers behind us say of origins never reaches a client.
"""

import re
from collections.abc import Iterable

from gateway.operations import LOG_CURSOR
from proxy.answers import whole
from proxy.head import RequestHead
from proxy.request import Request, Sent

# Metadata is for everybody.
ANYONE = b"access-control-allow-origin: *\r\n"
MAX_AGE = 7200  # seconds a browser may remember a preflight

_ASKED_METHOD, _ASKED_HEADERS = "Access-Control-Request-Method", "Access-Control-Request-Headers"
_VARY = f"{_ASKED_METHOD}, {_ASKED_HEADERS}"
_READABLE = f"mcp-session-id, www-authenticate, x-request-id, etag, location, link, retry-after, {LOG_CURSOR.lower()}"
_SENDABLE = re.compile(
    r"authorization|content-type|accept|last-event-id|x-request-id|traceparent|tracestate|if-match|mcp-[a-z0-9-]{1,64}"
)
_DEV = re.compile(r"x-dev-(userid|name|roles)")


class Cors:
    """The pages that may call. `dev`: callers are believed, so pages may say who calls."""

    def __init__(self, origins: Iterable[str], *, dev: bool) -> None:
        """`origins` in lower case, as browsers write them."""
        self._lines = {origin.encode(): _told(origin) for origin in origins}
        self._dev = dev

    def lines(self, origin: bytes) -> bytes:
        """The header lines of every answer to a page of this origin (in lower case); none where it is not one of them."""
        return self._lines.get(origin, b"")

    def answer(self, request: Request, methods: str) -> Sent:
        """Answers a preflight for a route with these methods."""
        headers = {
            "Access-Control-Allow-Methods": methods,
            "Access-Control-Max-Age": str(MAX_AGE),
            "Vary": _VARY,
        }
        if allowed := ", ".join(self._allowed(request)):
            headers["Access-Control-Allow-Headers"] = allowed
        return whole(request, 204, headers=headers)

    def _allowed(self, request: Request) -> list[str]:
        """Those of the headers asked for that may be sent."""
        asked = [name.strip() for name in (request.get(_ASKED_HEADERS) or "").lower().split(",")]
        return [name for name in dict.fromkeys(asked) if self._is_sendable(name)]

    def _is_sendable(self, name: str) -> bool:
        return _SENDABLE.fullmatch(name) is not None or (self._dev and _DEV.fullmatch(name) is not None)


def is_preflight(head: RequestHead) -> bool:
    """Whether a browser asks on behalf of a page (any other OPTIONS is a method like others)."""
    return head.method == "OPTIONS" and head.fields.get(_ASKED_METHOD) is not None


def _told(origin: str) -> bytes:
    lines = (f"access-control-allow-origin: {origin}", f"access-control-expose-headers: {_READABLE}", "vary: Origin")
    return "".join(line + "\r\n" for line in lines).encode()
