"""Desk: an Identify that knows a few tokens by heart, and remembers whom it has verified. Real tokens: tests/fakes."""

from gateway.errors import InsufficientScope, Unauthenticated, Unavailable
from gateway.identity import Headers, Principal, principal
from gateway.protected_resource import ProtectedResource

PROTECTED = ProtectedResource("https://gateway.example.org", ("https://id.example.org",), ("api://gateway/access",))
_METADATA = 'resource_metadata="https://gateway.example.org/.well-known/oauth-protected-resource/api"'
SCOPE = 'scope="api://gateway/access"'
# As RFC 6750 §3 and RFC 9728 §5.1 have it; word for word, for clients read it so.
NO_TOKEN = f"Bearer {_METADATA}, {SCOPE}"
BAD_TOKEN = f'Bearer error="invalid_token", error_description="The token has expired.", {_METADATA}, {SCOPE}'
WRONG_ENDPOINT = f'Bearer error="invalid_token", error_description="The token was issued for another endpoint.", {_METADATA}, {SCOPE}'
NO_SCOPE = f'Bearer error="insufficient_scope", error_description="The token lacks the scope.", {_METADATA}, {SCOPE}'


class Desk:
    """`Bearer alice`, or `Bearer alice@/mcp` for a token issued for that endpoint; `expired`, `scopeless`; `away`, for which
    the keys cannot be had. `Bearer admin` holds `mcp.admin`."""

    def __init__(self) -> None:
        self.verified = 0
        self._remembered: dict[str, Principal] = {}

    def remembered(self, headers: Headers) -> Principal | None:
        """Whoever was verified before."""
        return self._remembered.get(headers.get("authorization") or "")

    async def verify(self, headers: Headers) -> Principal:
        """Looks at the token."""
        self.verified += 1
        sent = headers.get("authorization") or ""
        match sent.removeprefix("Bearer "):
            case "":
                raise Unauthenticated("A token is required.")
            case "expired":
                raise Unauthenticated("The token has expired.", sent=True)
            case "scopeless":
                raise InsufficientScope("The token lacks the scope.")
            case "away":
                raise Unavailable("The keys cannot be had now.")
            case token:
                id, _, only_at = token.partition("@")
                caller = principal(id, id, ["mcp.admin"] if id == "admin" else [], only_at)
        self._remembered[sent] = caller
        return caller
