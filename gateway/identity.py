"""Who is calling: Principal, and the contract by which every process finds out. How it is proven stands elsewhere."""

from collections.abc import Iterable
from typing import Protocol

import msgspec


class Principal(msgspec.Struct, frozen=True):
    """A verified caller. `roles` as they were granted; `folded` is what rules compare with."""

    id: str
    name: str
    roles: tuple[str, ...]
    folded: frozenset[str]


def principal(id: str, name: str, roles: Iterable[str]) -> Principal:
    """A Principal with its roles trimmed, without blanks or repetition."""
    kept = tuple(dict.fromkeys(role for raw in roles if (role := raw.strip())))
    return Principal(id, name, kept, frozenset(role.casefold() for role in kept))


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
        """The caller, fetching keys if need be. Raises Unauthenticated."""
        ...
