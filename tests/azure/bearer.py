"""Access tokens as Azure's own services check them: signature, issuer, audience, time, tenant."""

from collections.abc import Sequence
from typing import Any

import jwt

from tests.azure.entra import Entra
from tests.fakes.identity_provider import V1


class NotAccepted(Exception):
    """The token is not good here; the text says why."""


def claims(entra: Entra, token: str, audiences: Sequence[str]) -> dict[str, Any]:
    """What the token says. Raises NotAccepted."""
    provider = entra.provider
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        key = next(jwt.PyJWK(each) for each in provider.keys if each["kid"] == kid)
        found: dict[str, Any] = jwt.decode(token, key, ["RS256"], audience=audiences, issuer=(provider.issuer, V1))
    except (jwt.InvalidTokenError, StopIteration) as error:
        raise NotAccepted(type(error).__name__) from None
    if found.get("tid") != provider.tenant:
        raise NotAccepted("of another tenant")
    return found
