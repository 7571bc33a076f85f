"""Relay: one reply on its way from an instance to the client, as it arrives. Reads no body, buffers no stream.

Small replies leave in one write, heads of streams at once. A slow client holds its own instance's connection up, nothing else.
"""

import asyncio
from functools import lru_cache

from gateway.errors import BadUpstream
from gateway.reply import Head, Source
from gateway.telemetry import Counters
from gateway.trust import reaches_the_client
from proxy.request import Request
from proxy.sessions import HEADER, Naming

# A pod that asks for credentials would send the client's sign-in after metadata on our origin.
_CHALLENGES = (401, 407)


class Relay:
    """A Receiver that writes to the client; also the Flow that the client's connection holds up."""

    __slots__ = ("_chunked", "_counters", "_naming", "_open", "_request", "_source", "head_at")

    def __init__(self, request: Request, naming: Naming, counters: Counters) -> None:
        self._request = request
        self._naming = naming
        self._counters = counters
        self._source: Source | None = None
        self._chunked = False
        self._open = False
        self.head_at = 0.0

    def begin(self, source: Source) -> None:
        """See Receiver."""
        self._source = source
        self._request.client.flow = self
        if self._request.client.writing_paused:  # by the answer before this one
            source.pause()

    def received(self, head: Head | None, body: bytes, complete: bool) -> None:
        """See Receiver. Raises BadUpstream for replies that must not be passed on."""
        parts: list[bytes] = []
        if head is not None:
            parts += self._head(head)
            self._request.began = True
            self.head_at = asyncio.get_running_loop().time()
            if not complete:
                self._open = True
                self._counters.streams += 1
        if not self._chunked:
            parts.append(body)
        else:
            if body:
                parts += (b"%x\r\n" % len(body), body, b"\r\n")
            if complete:
                parts.append(b"0\r\n\r\n")
        self._request.write(b"".join(parts))

    def end(self) -> None:
        """Nothing more will come, for whatever reason."""
        self._request.client.flow = None
        if self._open:
            self._open = False
            self._counters.streams -= 1

    def hold(self) -> None:
        """See Flow."""
        if self._source is not None:
            self._source.pause()

    def release(self) -> None:
        """See Flow."""
        if self._source is not None:
            self._source.resume()

    def _head(self, head: Head) -> list[bytes]:
        if head.status in _CHALLENGES:
            raise BadUpstream("The server asks for credentials of its own; the gateway has none to give.")
        parts = [b"HTTP/1.1 %d %b\r\n" % (head.status, head.reason)]
        named = b""
        for key, value in head.headers:
            if _passes(key):
                parts += (key, b": ", value, b"\r\n")
            elif key == HEADER:
                named = _only(named, value.strip())
            elif key == b"content-length" and head.framing == "length":
                parts += (key, b": ", value, b"\r\n")
        name = self._naming.name(head.status, named)
        if name is not None:
            parts += (b"mcp-session-id: ", name.encode("ascii"), b"\r\n")
        parts.append(self._framing(head))
        return parts

    def _framing(self, head: Head) -> bytes:
        """The rest of the head: what this connection adds."""
        request = self._request
        lines = b""
        if head.framing in ("chunked", "end"):
            if request.http11:
                self._chunked, lines = True, b"transfer-encoding: chunked\r\n"
            else:
                request.keep_alive = False
        if not request.keep_alive:
            lines += b"connection: close\r\n"
        elif not request.http11:
            lines += b"connection: keep-alive\r\n"
        return lines + b"\r\n"


def _only(one: bytes, other: bytes) -> bytes:
    """The id that a reply names. Raises BadUpstream where it names two."""
    if one and other != one:
        raise BadUpstream("The server named two sessions.")
    return other


@lru_cache(maxsize=1024)
def _passes(name: bytes) -> bool:
    return reaches_the_client(name) and name not in (HEADER, b"content-length")
