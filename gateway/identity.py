"""Who is calling: Principal, and the contract by which every process finds out. How it is proven stands elsewhere."""

from collections.abc import Iterable
from typing import Protocol

import msgspec

from gateway.errors import Unauthenticated


class Principal(msgspec.Struct, frozen=True):
    """A verified caller. `roles` as they were granted; `folded` is what rules compare with.

    `only_at` is the path of the one endpoint (`/mcp`, `/adapters/{name}/mcp`, `/api`) that the caller's token was issued
    for, where it was not issued for the gateway as a whole.
    """

    id: str
    name: str
    roles: tuple[str, ...]
    folded: frozenset[str]
    only_at: str = ""


def principal(id: str, name: str, roles: Iterable[str], only_at: str = "") -> Principal:
    """A Principal with its roles trimmed, without blanks or repetition."""
    kept = tuple(dict.fromkeys(role for raw in roles if (role := raw.strip())))
    return Principal(id, name, kept, frozenset(role.casefold() for role in kept), only_at)


def comparable(id: str) -> str:
    """What ids are compared by: object ids in folded case; `issuer|subject` exactly, for a subject's case is its own
    (OpenID Connect Core §2)."""
    return id if "|" in id else id.casefold()


def check_audience(caller: Principal, endpoint: str) -> None:
    """Raises Unauthenticated where the caller's token was issued for another endpoint than the one at this path."""
    if caller.only_at and caller.only_at != endpoint:
        raise Unauthenticated("The token was issued for another endpoint.", sent=True)


class Headers(Protocol):
    """Request headers by case-insensitive name; every framework's own type fits."""

    def get(self, key: str, /) -> str | None:
        """The first value of a header, or None."""
        ...


class Identify(Protocol):
    """Turns a request's headers into a Principal."""

    def remembered(self, headers: Headers) -> Principal | None:
        """The caller, where that is known without any I/O; None says ask `verify`, not that nobody is there."""
        ...

    async def verify(self, headers: Headers) -> Principal:
        """The caller, fetching keys if need be.

        Raises Unauthenticated; InsufficientScope; Unavailable where the keys cannot be had.
        """
        ...
