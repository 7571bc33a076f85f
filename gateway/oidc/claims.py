"""Claims: what a token says, in the shapes that RFC 7519, RFC 9068 and Entra give it. Believes nothing."""

from typing import Any, cast

import msgspec

from gateway.errors import Unauthenticated

type Words = str | list[str] | None


class Claims(msgspec.Struct, frozen=True):
    """The claims that decide; times are in seconds since 1970. A member that is null counts as absent."""

    iss: str
    aud: str | list[str]
    exp: int | float
    nbf: int | float | None = None
    sub: str | None = None
    oid: str | None = None
    tid: str | None = None
    ver: object = None  # text at Entra, a number elsewhere
    scp: Words = None
    scope: Words = None
    azp: str | None = None
    appid: str | None = None
    client_id: str | None = None
    typ: str | None = None
    token_use: str | None = None
    at_hash: str | None = None
    c_hash: str | None = None
    cnf: dict[str, Any] | None = None

    @property
    def audience(self) -> tuple[str, ...]:
        """For whom the token is, one or several."""
        return (self.aud,) if isinstance(self.aud, str) else tuple(self.aud)

    @property
    def scopes(self) -> frozenset[str] | None:
        """What the client may do in somebody's name; None where the token speaks of no scopes at all."""
        if self.scp is None and self.scope is None:
            return None
        return frozenset(_words(self.scp) + _words(self.scope))

    @property
    def client(self) -> str:
        """The application that the token was given to; "" where none is named, as in most ID tokens."""
        return self.azp or self.appid or self.client_id or ""


def read(payload: bytes) -> tuple[Claims, dict[str, Any]]:
    """The claims that decide, and all of them. Raises Unauthenticated where they are no claims."""
    try:
        everything = msgspec.json.decode(payload, type=dict[str, Any])
        return msgspec.convert(everything, Claims), everything
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise _unreadable() from None


def granted(everything: dict[str, Any], claim: str) -> tuple[str, ...]:
    """The roles in this claim. Raises Unauthenticated where they are no words."""
    found = everything[claim] if claim in everything else _within(everything, claim)
    try:
        roles: Words = msgspec.convert(found, Words)
    except msgspec.ValidationError:
        raise _unreadable() from None
    return (roles,) if isinstance(roles, str) else tuple(roles or ())


def called(everything: dict[str, Any]) -> str:
    """What people call the caller; "" where the token does not say, or not in letters."""
    for claim in ("name", "preferred_username", "upn", "app_displayname"):
        value = everything.get(claim)
        if isinstance(value, str) and value.strip() and value.isprintable():
            return value.strip()
    return ""


def _within(claims: dict[str, Any], path: str) -> object:
    found: object = claims
    for member in path.split("."):
        found = cast("dict[str, object]", found).get(member) if isinstance(found, dict) else None
    return found


def _words(value: Words) -> list[str]:
    return value.split() if isinstance(value, str) else value or []


def _unreadable() -> Unauthenticated:
    return Unauthenticated("The token's claims cannot be read.", sent=True)
