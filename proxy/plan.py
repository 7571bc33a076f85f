"""Plan: what one head of one caller comes to behind the proxy: its session, and the lines that an instance will read. Pure.

What is told of sessions and callers differs from leg to leg: `adapter` and `router` say it.
"""

from abc import ABC, abstractmethod
from typing import ClassVar

from gateway.catalog import Instance, Listing
from gateway.identity import Principal
from proxy.head import RequestHead
from proxy.request import Request
from proxy.sessions import given


class Plan(ABC):
    """Holds as long as the listing stays as it is.

    `holder`: the instance that has the session, where that is not ours to choose and if it is there.
    `given` is the session's id as the client knows it. Requests of one `key` go to one instance, `home` once that was
    chosen; None: to where there is least to do. `challenge`: what it means that an instance asks for credentials.
    """

    __slots__ = ("_head", "_rest", "_start", "caller", "given", "holder", "home", "key", "listing", "modern", "query")

    challenge: ClassVar[str]

    def __init__(self, head: RequestHead, caller: Principal, listing: Listing) -> None:
        """Raises Invalid where the head names two sessions."""
        self._head = head
        self._start = self._rest = b""
        self.caller = caller
        self.listing = listing
        self.modern = head.fields.modern
        self.given, self.query = given(head)
        self.key: str | None = None
        self.home: Instance | None = None
        self.holder: Instance | None = None

    @property
    def name(self) -> str:
        """The name that the listing has in the catalog."""
        return self.listing.card.name

    def holds(self, listing: Listing, caller: Principal) -> bool:
        """Whether nothing has changed since."""
        return self.listing is listing and (self.caller is caller or self.caller == caller)

    def lines(self, instance: Instance, request: Request) -> bytes:
        """The head of the request for an instance."""
        if not self._rest:
            self._write()
        varying = self._head.varying.lines(request.varying)
        return b"%b%d\r\n%b%b\r\n" % (self._start, instance.port, self._rest, varying)

    @property
    def placed(self) -> bool:
        """Whether we choose the instance."""
        return True

    @property
    @abstractmethod
    def endpoint(self) -> str:
        """The path that tokens for this alone are issued for."""

    @abstractmethod
    def rename(self, uid: str, status: int, upstream: bytes) -> bytes | None:
        """The client's name for the session that a reply of the instance `uid` names, if it is to hear of one."""

    @abstractmethod
    def _told(self) -> bytes:
        """The lines of the client that go on, and ours: who calls, in which session."""

    def _write(self) -> None:
        """What is the same for every request of this head, before and after the instance's port.

        `Host: localhost`, because servers on the official SDK refuse names they do not know (421).
        """
        target = self.listing.card.path + ("?" + self.query if self.query else "")
        self._start = b"%b %b HTTP/1.1\r\nHost: localhost:" % (
            self._head.method.encode(),
            target.encode("utf-8", "surrogateescape"),
        )
        self._rest = self._told() + _framing(self._head)


def _framing(head: RequestHead) -> bytes:
    """The line that announces the body, as the client announced it, unless that is among the varying ones."""
    if head.chunked:
        return b"Transfer-Encoding: chunked\r\n"
    if head.length is not None:
        return b"Content-Length: %d\r\n" % head.length
    return b"Content-Length: 0\r\n" if head.method == "POST" and head.length_at < 0 else b""
