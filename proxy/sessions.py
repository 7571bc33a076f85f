"""Sessions: which instance holds a session, sealed into the id its client sees. No table, no store, no expiry (DESIGN §5)."""

from urllib.parse import unquote_plus

import msgspec

from gateway.errors import BadUpstream, Invalid
from gateway.identity import Principal
from gateway.seal import KeyRing, bound
from gateway.telemetry.counters import Counters
from proxy.head import RequestHead

HEADER = b"mcp-session-id"
LONGEST = 2048  # bytes of a server's own id
_KIND = "adapter"


class Session(msgspec.Struct, frozen=True, gc=False):
    """An opened id: the instance, what that one calls the session, and what the client calls it."""

    uid: str
    upstream: bytes
    sealed: str


def given(head: RequestHead) -> tuple[str, str]:
    """The id a head carries (empty: none, or none that means anything), and its query without it.

    Raises Invalid where two ids differ.
    """
    kept, found = _split(head.query) if "session" in head.query or "%" in head.query else (head.query, [])
    if head.fields.modern:
        return "", kept
    ids = {id for id in (head.fields.once.get(HEADER, b"").decode("latin-1"), *found) if id}
    if len(ids) > 1:
        raise Invalid("session_id: another session than the one in Mcp-Session-Id.", field="session_id")
    return (ids.pop() if ids else ""), kept


class Sessions:
    """Opens and seals the ids of adapters' sessions; those sealed are counted."""

    def __init__(self, seals: KeyRing, counters: Counters | None = None) -> None:
        self._seals = seals
        self._counters = counters or Counters()

    def open(self, sealed: str, adapter: str, caller: Principal) -> Session | None:
        """The session behind an id; None unless it was sealed for this adapter and this caller."""
        opened = self._seals.open(sealed, bound(_KIND, adapter, caller.id))
        if opened is None:
            return None
        end = 1 + opened[0]
        return Session(opened[1:end].decode(), opened[end:], sealed)

    def seal(self, uid: str, upstream: bytes, adapter: str, caller: Principal) -> str:
        """An id for what the instance `uid` calls `upstream`."""
        self._counters.sessions += 1
        instance = uid.encode()
        plain = bytes((len(instance),)) + instance + upstream
        return self._seals.seal(plain, bound(_KIND, adapter, caller.id))

    def rename(
        self, status: int, upstream: bytes, session: Session | None, uid: str, adapter: str, caller: Principal
    ) -> str | None:
        """What a legacy reply that names `upstream` may tell the client: its own id for the session it has, a new one, nothing.

        Servers repeat the id on every reply, and some stamp fresh dead ones on errors: those name nothing.
        Raises BadUpstream for an id too long to be sealed.
        """
        if status >= 400 or not upstream:
            return None
        if len(upstream) > LONGEST:
            raise BadUpstream("The server's session id is too long.")
        if session is not None and upstream == session.upstream:
            return session.sealed
        return self.seal(uid, upstream, adapter, caller) if status < 300 else None


def _split(query: str) -> tuple[str, list[str]]:
    """The query without `session_id`, every other byte as it came; and the ids."""
    kept: list[str] = []
    found: list[str] = []
    for pair in query.split("&"):
        key, _, value = pair.partition("=")
        if unquote_plus(key) == "session_id":
            found.append(unquote_plus(value))
        else:
            kept.append(pair)
    return "&".join(kept), found
