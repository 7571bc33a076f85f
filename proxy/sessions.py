"""Sessions: which instance holds a session, sealed into the id its client sees. No table, no store, no expiry (DESIGN §5)."""

from urllib.parse import unquote_plus

import msgspec

from gateway.errors import BadUpstream, Invalid
from gateway.identity import Principal
from gateway.seal import KeyRing, bound
from proxy.request import Request

HEADER = b"mcp-session-id"
LONGEST = 2048  # bytes of a server's own id
_KIND = "adapter"


class Session(msgspec.Struct, frozen=True, gc=False):
    """An opened id: the instance, what that one calls the session, and what the client calls it."""

    uid: str
    upstream: bytes
    sealed: str


def given(request: Request) -> tuple[str, str]:
    """The id a request carries (may be empty), and its query without it. Raises Invalid where two ids differ."""
    header = request.fields.once.get(HEADER, b"").decode("latin-1")
    if "session" not in request.query and "%" not in request.query:
        return header, request.query
    kept, found = _split(request.query)
    ids = {id for id in (header, *found) if id}
    if len(ids) > 1:
        raise Invalid("session_id: another session than the one in Mcp-Session-Id.", field="session_id")
    return (ids.pop() if ids else ""), kept


def open_id(seals: KeyRing, sealed: str, adapter: str, caller: Principal) -> Session | None:
    """The session behind an id; None unless it was sealed for this adapter and this caller."""
    opened = seals.open(sealed, bound(_KIND, adapter, caller.id))
    if opened is None:
        return None
    end = 1 + opened[0]
    return Session(opened[1:end].decode(), opened[end:], sealed)


def seal_id(seals: KeyRing, uid: str, upstream: bytes, adapter: str, caller: Principal) -> str:
    """An id for the client."""
    instance = uid.encode()
    return seals.seal(bytes((len(instance),)) + instance + upstream, bound(_KIND, adapter, caller.id))


class Naming:
    """What the client is told of the session in one reply."""

    __slots__ = ("_adapter", "_caller", "_modern", "_seals", "_session", "_uid")

    def __init__(
        self, seals: KeyRing, uid: str, adapter: str, caller: Principal, session: Session | None, modern: bool
    ) -> None:
        """`uid` is that of the instance which answers."""
        self._seals = seals
        self._uid = uid
        self._adapter = adapter
        self._caller = caller
        self._session = session
        self._modern = modern

    def name(self, status: int, upstream: bytes) -> str | None:
        """The id for a reply whose server named `upstream`: the client's own for the one it has, a new one, or none.

        Servers repeat the id on every reply, and some stamp fresh dead ones on errors: those name nothing.
        Raises BadUpstream for an id too long to be sealed.
        """
        if self._modern or status >= 400 or not upstream:
            return None
        if len(upstream) > LONGEST:
            raise BadUpstream("The server's session id is too long.")
        if self._session is not None and upstream == self._session.upstream:
            return self._session.sealed
        if status >= 300:
            return None
        return seal_id(self._seals, self._uid, upstream, self._adapter, self._caller)


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
