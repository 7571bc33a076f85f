"""Tokens: the contract for whatever gives bearer tokens. How long one is used, and for how many, is `bearer`'s."""

from typing import Protocol

import msgspec

PATIENCE = 120.0  # seconds for one token; some sources wait for a person at a browser


class NoToken(Exception):
    """There is none; the message says why, and holds neither a token nor another secret."""


class Token(msgspec.Struct, frozen=True):
    """`expires` in seconds since 1970; None where that cannot be told."""

    text: str
    expires: float | None = None

    def __repr__(self) -> str:
        return "Token(…)"  # it could end up in a traceback


class Tokens(Protocol):
    """A source of tokens for one endpoint. Whom they name is the person's choice, never the endpoint's."""

    async def fetch(self, *, anew: bool) -> Token:
        """One that is valid now; `anew`: not one remembered from an earlier time, for that was refused. Raises NoToken.

        May be cancelled; nobody asks for a second while one is under way.
        """
        ...

    async def close(self) -> None:
        """Gives back what is open. May be fetched from again."""
        ...
