"""Plan: what one head of one caller comes to at an adapter: session, holder, and the lines an instance will read. Pure."""

from gateway.catalog import Instance, Listing
from gateway.identity import Principal
from gateway.trust import stamp
from proxy.head import RequestHead
from proxy.request import Request
from proxy.sessions import Session, Sessions, given

_NO_ONE = Instance("", "", 0)


class Plan:
    """Holds as long as the adapter's listing stays as it is. `holder`: the instance that has the session, if it is there."""

    __slots__ = (
        "_caller",
        "_head",
        "_lines",
        "_lines_for",
        "_sessions",
        "holder",
        "listing",
        "modern",
        "query",
        "sealed",
        "session",
    )

    def __init__(self, sessions: Sessions, head: RequestHead, caller: Principal, listing: Listing) -> None:
        self._sessions = sessions
        self._head = head
        self._caller = caller
        self._lines_for = _NO_ONE
        self._lines = b""
        self.listing = listing
        self.modern = head.fields.modern
        self.sealed, self.query = given(head)
        self.session: Session | None = sessions.open(self.sealed, self.name, caller) if self.sealed else None
        self.holder = held_by(listing, self.session.uid) if self.session is not None else None

    @property
    def name(self) -> str:
        """The adapter's."""
        return self.listing.card.name

    @property
    def caller(self) -> Principal:
        """Who calls."""
        return self._caller

    def holds(self, listing: Listing, caller: Principal) -> bool:
        """Whether nothing has changed since."""
        return self.listing is listing and (self._caller is caller or self._caller == caller)

    def lines(self, instance: Instance, request: Request) -> bytes:
        """The head of the request for an instance."""
        if self._lines_for is not instance:
            self._lines, self._lines_for = self._written(instance), instance
        return b"%b%b\r\n" % (self._lines, self._head.varying.lines(request.varying))

    def rename(self, uid: str, status: int, upstream: bytes) -> str | None:
        """The client's name for the session that a reply of the instance `uid` names, if it is to hear of one."""
        session = self.session
        if session is not None and upstream == session.upstream and status < 400:
            return session.sealed  # what servers repeat on every reply
        if self.modern:
            return None
        return self._sessions.rename(status, upstream, self.session, uid, self.name, self._caller)

    def _written(self, instance: Instance) -> bytes:
        """`Host: localhost`, because servers on the official SDK refuse names they do not know (421)."""
        head = self._head
        target = self.listing.card.path + ("?" + self.query if self.query else "")
        return b"%b %b HTTP/1.1\r\nHost: localhost:%d\r\n%b%b%b%b" % (
            head.method.encode(),
            target.encode("utf-8", "surrogateescape"),
            instance.port,
            head.fields.lines(),
            stamp(self._caller),
            b"Mcp-Session-Id: %b\r\n" % self.session.upstream if self.session is not None else b"",
            _framing(head),
        )


def held_by(listing: Listing | None, uid: str) -> Instance | None:
    """The instance of that uid, ready or not: one that terminates keeps its sessions."""
    if listing is not None:
        for instance in listing.instances:
            if instance.uid == uid:
                return instance
    return None


def _framing(head: RequestHead) -> bytes:
    """The line that announces the body, as the client announced it, unless that is among the varying ones."""
    if head.chunked:
        return b"Transfer-Encoding: chunked\r\n"
    if head.length is not None:
        return b"Content-Length: %d\r\n" % head.length
    return b"Content-Length: 0\r\n" if head.method == "POST" and head.length_at < 0 else b""
