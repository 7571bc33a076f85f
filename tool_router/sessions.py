"""Sessions of the handshake era: an id that says all there is to know, sealed for its caller. No table: any replica serves any session."""

import secrets

import msgspec

from gateway.identity import Principal
from gateway.seal import KeyRing, bound

HEADER = "Mcp-Session-Id"
_KIND = "router"


class Session(msgspec.Struct, frozen=True, gc=False):
    """`id`: what the client calls it. `revision`: what was agreed on."""

    id: str
    revision: str


class Sessions:
    """Seals and opens."""

    def __init__(self, seals: KeyRing) -> None:
        self._seals = seals

    def begin(self, caller: Principal, revision: str) -> Session:
        """A new session."""
        plain = revision.encode() + secrets.token_bytes(8)
        return Session(self._seals.seal(plain, bound(_KIND, caller.id)), revision)

    def open(self, caller: Principal, id: str) -> Session | None:
        """The session of an id; None unless it was sealed for this caller."""
        plain = self._seals.open(id, bound(_KIND, caller.id))
        return None if plain is None else Session(id, plain[:-8].decode())
