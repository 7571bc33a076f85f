"""When a token of one's own ends, as it says itself: for clients that renew theirs in time. Verifies nothing: `oidc` does."""

import base64

import msgspec


class _Claims(msgspec.Struct):
    exp: float


def jwt_expiry(token: str) -> float | None:
    """When a JWT ends, in seconds since 1970; None for anything else."""
    parts = token.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4))
        return msgspec.json.decode(claims, type=_Claims).exp
    except (ValueError, msgspec.DecodeError):
        return None
