"""Relay: one reply on its way from an instance to the client, as it arrives. Reads no body, buffers no stream.

Small replies leave in one write, heads of streams at once. A slow client holds its own instance's connection up, nothing else.
"""

from functools import lru_cache
from typing import ClassVar, Protocol

from gateway.errors import BadUpstream
from gateway.reply import Framing, Head, Source
from gateway.telemetry.counters import Counters
from gateway.trust import reaches_the_client
from proxy.request import Request
from proxy.sessions import HEADER
from proxy.shape import Shape

# A pod that asks for credentials would send the client's sign-in after metadata on our origin.
_CHALLENGES = (401, 407)


class Naming(Protocol):
    """What clients call sessions. `challenge`: what it means that an instance asks for credentials."""

    challenge: ClassVar[str]

    def rename(self, uid: str, status: int, upstream: bytes) -> bytes | None:
        """The client's name for the session that a reply of the instance `uid` names, if it is to hear of one."""
        ...


class Relay:
    """A Receiver that writes to the client; also the Flow that the client's connection holds up."""

    __slots__ = ("_chunked", "_counters", "_naming", "_open", "_source", "_uid", "head_at", "request")

    def __init__(self, request: Request, naming: Naming, uid: str, counters: Counters) -> None:
        self.request = request
        self._naming = naming
        self._uid = uid
        self._counters = counters
        self._source: Source | None = None
        self._chunked = self._open = False
        self.head_at = 0.0

    def begin(self, source: Source) -> None:
        """See Receiver."""
        self._source = source
        client = self.request.client
        client.flow = self
        if client.writing_paused:  # by the answer before this one
            source.pause()

    def received(self, head: Head | None, body: bytes, complete: bool) -> None:
        """See Receiver. Raises BadUpstream for replies that must not be passed on."""
        start = b"" if head is None else self._begun(head, complete)
        if not self._chunked:
            self.request.write(start + body if start else body)
        else:
            piece = b"%x\r\n%b\r\n" % (len(body), body) if body else b""
            self.request.write(start + piece + (b"0\r\n\r\n" if complete else b""))

    def end(self) -> None:
        """Nothing more will come, for whatever reason."""
        self.request.client.flow = None
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

    def _begun(self, head: Head, complete: bool) -> bytes:
        """The reply's head for the client."""
        request = self.request
        start = self._head(head, request)
        request.began = True
        request.status = head.status
        self.head_at = request.client.now()
        if not complete:
            self._open = True
            self._counters.streams += 1
        return start

    def _head(self, head: Head, request: Request) -> bytes:
        if head.status in _CHALLENGES:
            raise BadUpstream(self._naming.challenge)
        shape = _shape(head.names, head.framing)
        name = self._name(head, shape) if shape.sessions else None
        asked = request.head
        plain = head.framing == "length" and request.keep_alive and asked.http11 and not asked.cors
        return b"HTTP/1.1 %d %b\r\n%b%b%b\r\n" % (
            head.status,
            head.reason,
            shape.lines(head.values),
            b"mcp-session-id: %b\r\n" % name if name is not None else b"",
            b"" if plain else self._connection(head.framing),
        )

    def _name(self, head: Head, shape: "_ReplyShape") -> bytes | None:
        """The client's name for the session that the reply names."""
        id = head.values[shape.sessions[0]].strip()
        if len(shape.sessions) > 1 and any(head.values[at].strip() != id for at in shape.sessions):
            raise BadUpstream("The server named two sessions.")
        return self._naming.rename(self._uid, head.status, id)

    def _connection(self, framing: Framing) -> bytes:
        """The lines that are this connection's, or its page's."""
        request = self.request
        lines = request.head.cors
        if framing in ("chunked", "end"):
            if request.head.http11:
                self._chunked, lines = True, lines + b"transfer-encoding: chunked\r\n"
            else:
                request.keep_alive = False
        if not request.keep_alive:
            return lines + b"connection: close\r\n"
        return lines if request.head.http11 else lines + b"connection: keep-alive\r\n"


class _ReplyShape(Shape):
    """What the names of a reply's headers mean."""

    __slots__ = ("sessions",)

    def __init__(self, names: tuple[bytes, ...], framing: Framing) -> None:
        unsaid = (HEADER,) if framing == "length" else (HEADER, b"content-length")
        super().__init__(names, lambda name: name not in unsaid and reaches_the_client(name))
        self.sessions = self.where(HEADER)


@lru_cache(maxsize=1024)  # servers are ours to choose: their heads need no bound but this
def _shape(names: tuple[bytes, ...], framing: Framing) -> _ReplyShape:
    return _ReplyShape(names, framing)
