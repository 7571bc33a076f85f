"""Who may do what: Entra tokens with data roles, or the account's key where local authentication is on.

https://learn.microsoft.com/cosmos-db/how-to-connect-role-based-access-control. A data role's scope is the account, a
database or a container. Databases and containers are not made with data roles.
"""

import base64
import hashlib
import hmac
from collections.abc import Sequence
from typing import Literal
from urllib.parse import parse_qs, unquote

import msgspec

from tests.azure.bearer import NotAccepted, claims
from tests.azure.cosmos.refusal import refusal
from tests.azure.entra import Entra
from tests.fakes.identity_provider_http import Asked

type Action = Literal["metadata", "read", "query", "create", "replace", "upsert", "delete", "manage"]
type Role = Literal["reader", "contributor"]

_READS: frozenset[Action] = frozenset({"metadata", "read", "query"})
_WRITES: frozenset[Action] = frozenset({"create", "replace", "upsert", "delete"})
_ROLES = {"reader": _READS, "contributor": _READS | _WRITES}
_ANY = "https://cosmos.azure.com"  # what a token may be for, besides the account itself


class Grant(msgspec.Struct, frozen=True):
    """A data role: `reader` or `contributor`. `scope` is `/`, `/dbs/x` or `/dbs/x/colls/y`."""

    principal: str
    role: Role
    scope: str = "/"

    def allows(self, principal: str, action: Action, scope: str) -> bool:
        """What is above a scope may be read about, too: an SDK needs the account and the container."""
        inside = f"{scope}/".startswith(f"{self.scope.rstrip('/')}/")
        above = action == "metadata" and f"{self.scope}/".startswith(f"{scope.rstrip('/')}/")
        return self.principal == principal and action in _ROLES[self.role] and (inside or above)


class Access:
    """`key` is the account's; blank where local authentication is off."""

    def __init__(self, entra: Entra, audience: str, key: str = "") -> None:
        self._entra = entra
        self._audiences = (audience, _ANY)
        self._key = key
        self.grants: list[Grant] = []

    def check(self, asked: Asked, action: Action, parts: Sequence[str]) -> None:
        """Whether this request may do that to what its path names. Raises Refusal 401, 403."""
        given = unquote(asked.headers.get("Authorization", ""))
        fields = {name: values[0] for name, values in parse_qs(given.replace("+", "%2B")).items()}
        match fields.get("type"):
            case "aad":
                self._check_role(self._principal(fields.get("sig", "")), action, parts)
            case "master":
                self._check_key(asked, fields.get("sig", ""), parts)
            case _:
                raise refusal(401, "Required Header authorization is missing.")

    def _principal(self, token: str) -> str:
        try:
            return str(claims(self._entra, token, self._audiences).get("oid"))
        except NotAccepted as error:
            raise refusal(401, f"The input authorization token is not valid: {error}.") from None

    def _check_role(self, principal: str, action: Action, parts: Sequence[str]) -> None:
        scope = f"/{'/'.join(parts[:4])}"
        if not any(grant.allows(principal, action, scope) for grant in self.grants):
            text = f"principal [{principal}] does not have required RBAC permissions to perform [{action}] on [{scope}]"
            raise refusal(403, f"Request is blocked because {text}.", 5300)

    def _check_key(self, asked: Asked, signature: str, parts: Sequence[str]) -> None:
        if not self._key:
            raise refusal(403, "Local Authorization is disabled. Use an AAD token to authorize all requests.", 5202)
        kind, link = (parts[-1], parts[:-1]) if len(parts) % 2 else (parts[-2] if parts else "", parts)
        date = asked.headers.get("x-ms-date", "")
        text = f"{asked.method.lower()}\n{kind}\n{'/'.join(link)}\n{date.lower()}\n\n"
        made = hmac.digest(base64.b64decode(self._key), text.encode(), hashlib.sha256)
        if not hmac.compare_digest(base64.b64encode(made).decode(), signature):
            raise refusal(401, "The MAC signature found in the HTTP request is not the same as the computed one.")
