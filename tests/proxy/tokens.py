"""Tokens: an Identify for tests: knows bearer tokens by their text, and must look each one up once. Real ones: tests/attacks."""

import asyncio

from gateway.errors import InsufficientScope, Unauthenticated
from gateway.identity import Headers, Principal, principal
from gateway.protected_resource import ProtectedResource

ORIGIN = "https://gateway.example.com"
PROTECTED = ProtectedResource(ORIGIN, ("https://login.example.com/t/v2.0",), ("api://client/access",))


def bearer(token: str) -> tuple[str, str]:
    """The header that carries a token."""
    return "Authorization", f"Bearer {token}"


class Tokens:
    """`good` is `dev`; `as-NAME` is somebody of that name; `only-PATH` is `dev` at that endpoint; `poor` has no scope."""

    def __init__(self) -> None:
        self.known: dict[str, Principal] = {}
        self.asked = 0

    def remembered(self, headers: Headers) -> Principal | None:
        """See Identify."""
        return self.known.get(headers.get("Authorization") or "")

    async def verify(self, headers: Headers) -> Principal:
        """See Identify."""
        self.asked += 1
        await asyncio.sleep(0)
        sent = headers.get("Authorization")
        if sent is None:
            raise Unauthenticated("Sign in.")
        self.known[sent] = caller = _caller(sent.removeprefix("Bearer "))
        return caller


def _caller(token: str) -> Principal:
    if token == "poor":
        raise InsufficientScope("The scope `access` is missing.")
    if token.startswith("as-"):
        return principal(token.removeprefix("as-"), "", [])
    if token == "good" or token.startswith("only-"):
        return principal("dev", "", [], token.removeprefix("only-") if token != "good" else "")
    raise Unauthenticated('Not "good".', sent=True)
