"""Audiences: for whom a token may be issued so that it counts here. Pure."""

import re
from collections.abc import Iterable

from gateway.protected_resource import API
from gateway.records import NAME_PATTERN

_NAME = NAME_PATTERN.removeprefix("^").removesuffix(r"\Z")
# VS Code asks for a token for the very URL it was given, and some clients end that with a slash: the endpoint is the same.
_ENDPOINT = re.compile(rf"(?P<path>/mcp|/adapters/{_NAME}/mcp|{API})/?\Z")


class Audiences:
    """`names` are of the gateway as a whole, as is `origin` (without a slash at its end); below it each endpoint has its URL."""

    def __init__(self, names: Iterable[str], origin: str) -> None:
        self._everywhere = frozenset(names) | {origin, f"{origin}/"}
        self._origin = origin

    def only_at(self, audience: tuple[str, ...]) -> str | None:
        """The path of the endpoint that a token with this `aud` is for; "" where it is for all, None where for others.

        Of several endpoints it is the first: a Principal has room for one.
        """
        if not self._everywhere.isdisjoint(audience):
            return ""
        return next(filter(None, map(self._endpoint, audience)), None)

    def _endpoint(self, url: str) -> str | None:
        if not url.startswith(self._origin):
            return None
        found = _ENDPOINT.match(url, len(self._origin))
        return found["path"] if found else None
