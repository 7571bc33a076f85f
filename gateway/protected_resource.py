"""ProtectedResource: what an OAuth client must know to sign in for one of our endpoints: metadata (RFC 9728) and challenges.

Pure. Everything is told from the configured public origin, never from `Host`: a forged one would lead clients to a stranger's
sign-in. Who may come in is `oidc`'s.
"""

import msgspec

from gateway.errors import GatewayError, InsufficientScope, Unauthenticated

WELL_KNOWN = "/.well-known/oauth-protected-resource"
API = "/api"  # the REST API as a resource; its routes have no common path


class _Metadata(msgspec.Struct):
    """RFC 9728 §2."""

    resource: str
    authorization_servers: tuple[str, ...]
    scopes_supported: tuple[str, ...]
    bearer_methods_supported: tuple[str, ...] = ("header",)


class ProtectedResource(msgspec.Struct, frozen=True):
    """`origin` has no slash at its end; `issuers` are the authorization servers; `scopes` are fully qualified."""

    origin: str
    issuers: tuple[str, ...]
    scopes: tuple[str, ...] = ()

    def resource(self, endpoint: str) -> str:
        """The identifier of the endpoint at this path: the very URL that clients are given. "" is the gateway as a whole."""
        return self.origin + endpoint

    def document(self, endpoint: str) -> bytes:
        """The metadata of the endpoint at this path, as JSON."""
        return msgspec.json.encode(_Metadata(self.resource(endpoint), self.issuers, self.scopes))

    def challenge(self, endpoint: str, error: GatewayError) -> str:
        """`WWW-Authenticate` for what was refused at an endpoint; empty where signing in again would not help.

        RFC 6750 §3, RFC 9728 §5.1: without a token no `error` is named.
        """
        match error:
            case Unauthenticated(sent=False):
                named = ""
            case Unauthenticated():
                named = f'error="invalid_token", error_description="{_quotable(error.detail)}", '
            case InsufficientScope():
                named = f'error="insufficient_scope", error_description="{_quotable(error.detail)}", '
            case _:
                return ""
        scope = f', scope="{" ".join(self.scopes)}"' if self.scopes else ""
        return f'Bearer {named}resource_metadata="{self.origin}{WELL_KNOWN}{endpoint}"{scope}'


def _quotable(text: str) -> str:
    """What may stand in an error_description (RFC 6750 §3): printable ASCII but `"` and `\\`."""
    return "".join(c if " " <= c <= "~" and c not in '"\\' else "'" for c in text)
