"""The headers by which processes of the gateway trust one another, and those that never cross an edge. Pure; names are lower case."""

import hmac
from collections.abc import Iterable
from functools import lru_cache

from gateway.identity import Principal

USER = b"x-mcp-userid"
ROLES = b"x-mcp-roles"
SECRET = b"x-gateway-secret"
REQUEST_ID = b"x-request-id"

# RFC 9110 §7.6.1: about one connection, never about the message.
HOP_BY_HOP = frozenset(
    {
        b"connection",
        b"keep-alive",
        b"proxy-authenticate",
        b"proxy-authorization",
        b"proxy-connection",
        b"te",
        b"trailer",
        b"transfer-encoding",
        b"upgrade",
    }
)
# Whoever sends these claims to be us, or an edge in front of us.
IDENTITY = frozenset({USER, ROLES, SECRET, b"x-mcp-username"})
# Where a request came from, whose it is, what it was before: what edges say to servers behind them.
FORWARDING = frozenset(
    {
        b"forwarded",
        b"x-real-ip",
        b"x-client-ip",
        b"true-client-ip",
        b"remote-user",
        b"x-remote-user",
        b"client-cert",  # RFC 9440
        b"client-cert-chain",
        b"x-rewrite-url",
        b"x-http-method-override",
    }
)
FORWARDING_PREFIXES = (
    b"x-forwarded-",
    b"x-original-",
    b"x-auth-request-",
    b"x-ms-client-principal",
    b"x-ms-token-",
    b"x-amzn-oidc-",
    b"x-goog-authenticated-user-",
    b"x-ssl-client-",
)
DEV_PREFIX = b"x-dev-"
# Headers that decide something: a request with two of one would mean one thing here and another behind us.
ONCE = frozenset(
    {
        b"host",
        b"origin",
        b"authorization",
        b"expect",
        b"content-length",
        b"content-type",
        b"transfer-encoding",
        b"mcp-protocol-version",
        b"mcp-session-id",
        b"mcp-method",
        b"mcp-name",
        b"last-event-id",
        b"x-dev-userid",
        b"x-dev-name",
        b"x-dev-roles",
    }
)
# What a pod must not see of the client, on top of the above.
PRIVATE = frozenset({b"authorization", b"cookie", b"origin", b"host", b"expect", b"content-length"})
# What we say ourselves on the way to the control plane, and what is said to nobody behind us.
_OURS = frozenset({b"host", b"expect", b"content-length", b"cookie", b"origin", b"x-request-id"})

# The response headers that reach the client (and `mcp-*`).
RESPONSE = frozenset(
    {
        b"content-type",
        b"content-length",
        b"content-encoding",
        b"content-language",
        b"content-range",
        b"cache-control",
        b"etag",
        b"last-modified",
        b"accept-ranges",
        b"allow",  # a 405 must have it (RFC 9110 §15.5.6)
        b"vary",
        b"date",
        b"retry-after",
        b"x-request-id",
        b"x-correlation-id",
    }
)


def reaches_a_pod(name: bytes) -> bool:
    """Whether a client's header of this lower-case name may be sent to a pod (unless `Connection` lists it)."""
    return not (
        name in PRIVATE
        or name in HOP_BY_HOP
        or name in IDENTITY
        or name in FORWARDING
        or name.startswith(FORWARDING_PREFIXES)
        or name.startswith(DEV_PREFIX)
    )


def reaches_the_router(name: bytes) -> bool:
    """Whether a client's header of this lower-case name may be sent to the tool router, to which we tell the request's id ourselves."""
    return name != REQUEST_ID and reaches_a_pod(name)


def reaches_the_control_plane(name: bytes) -> bool:
    """Whether a client's header of this lower-case name may be sent to the control plane, which verifies it itself."""
    return not (
        name in _OURS
        or name in HOP_BY_HOP
        or name in IDENTITY
        or name in FORWARDING
        or name.startswith(FORWARDING_PREFIXES)
    )


def reaches_the_client(name: bytes) -> bool:
    """Whether a pod's header of this lower-case name may be sent to the client."""
    return name in RESPONSE or name.startswith(b"mcp-")


@lru_cache(maxsize=4096)  # the same callers come again and again
def stamp(caller: Principal) -> bytes:
    """The caller as header lines for a pod, CRLF after each. Roles that no list could carry are left out."""
    user = _line(caller.id)
    roles = ",".join(role for role in caller.roles if "," not in role)
    return b"X-Mcp-UserId: %b\r\nX-Mcp-Roles: %b\r\n" % (user, _line(roles))


def vouch(caller: Principal, secret: str) -> bytes:
    """The caller as header lines for a process of the gateway's own, which knows by the secret that we say so."""
    return b"%bX-Gateway-Secret: %b\r\n" % (stamp(caller), _line(secret))


def is_trusted(given: str | None, secrets: Iterable[str]) -> bool:
    """Whether `X-Gateway-Secret` is one of ours; takes as long for a near miss as for nonsense."""
    sent = (given or "").encode("utf-8", "surrogateescape")
    matches = [hmac.compare_digest(sent, secret.encode()) for secret in secrets if secret]
    return any(matches)


def _line(value: str) -> bytes:
    """A header value: UTF-8 as it came, and nothing that could end the line."""
    if value.isascii() and value.isprintable():
        return value.encode("ascii")
    return "".join(c for c in value if c >= " " and c != "\x7f").encode("utf-8", "surrogateescape")
