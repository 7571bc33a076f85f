"""Directory: whether whoever builds the stack may register an application in Entra. Registers none: `entra_app`.

Graph has no question for it. Of people the directory roles say it, or the tenant's policy for everybody; of applications the
rights that an administrator agreed to, which stand in their token.
"""

import base64
from collections.abc import Mapping
from types import TracebackType
from typing import Any, Self

import aiohttp
import msgspec

from infra.deployer import GRAPH, TokenFor

# https://learn.microsoft.com/entra/identity/role-based-access-control/permissions-reference
_ROLES = {
    "62e90394-69f5-4237-9190-012177145e10": "Global Administrator",
    "9b895d92-2cd3-44c7-9d02-a6ac2d5ea5c3": "Application Administrator",
    "158c047a-c907-4556-b7ef-446551a6b5f7": "Cloud Application Administrator",
    "cf1c38e5-3621-4004-a7cb-879624dced7c": "Application Developer",
}
_APPLICATION = ("Application.ReadWrite.OwnedBy", "Application.ReadWrite.All", "Directory.ReadWrite.All")
_GRANT = "AppRoleAssignment.ReadWrite.All"
_ADMINISTRATOR = {
    "62e90394-69f5-4237-9190-012177145e10",
    "e8611ab8-c189-46e8-94e1-60213ab1f814",
}  # or Privileged Role Administrator
_SECONDS = aiohttp.ClientTimeout(total=60)
_WAY_OUT = "give clientId of one that is there"


class Directory:
    """An async context manager. `host` is Graph's, or what stands in for it."""

    def __init__(self, token_for: TokenFor, host: str = GRAPH) -> None:
        self._token_for, self._host = token_for, host
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._session = aiohttp.ClientSession(timeout=_SECONDS)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self._session:
            await self._session.close()

    async def missing(self, *, registers: bool, grants: bool) -> list[str]:
        """Sentences; `grants`: whether it also gives another application a right in Graph."""
        if not registers:
            return []
        token = await self._token_for(f"{GRAPH}/.default")
        claims = _claims(token)
        found = [] if await self._may_register(token, claims) else [_register(claims)]
        if grants and not _may_grant(claims):
            found.append(f"manageIdentifierUris: giving the control plane its right in Graph needs {_GRANT}")
        return found

    async def _may_register(self, token: str, claims: Mapping[str, Any]) -> bool:
        if _is_application(claims):
            return bool(set(_APPLICATION) & set(claims.get("roles", [])))
        if _ROLES.keys() & set(claims.get("wids", [])):
            return True
        return await self._anybody_may(token)

    async def _anybody_may(self, token: str) -> bool:
        assert self._session, "used outside of its block"
        url = f"{self._host}/v1.0/policies/authorizationPolicy"
        async with self._session.get(url, headers={"Authorization": f"Bearer {token}"}) as answer:
            if answer.status in (401, 403):
                return True  # not ours to know; the provider will say it
            answer.raise_for_status()
            policy = await answer.json()
        return bool(policy.get("defaultUserRolePermissions", {}).get("allowedToCreateApps", True))


def _register(claims: Mapping[str, Any]) -> str:
    if _is_application(claims):
        return (
            f"registering an application in Entra needs {_APPLICATION[0]} in Graph, for the one you are; or {_WAY_OUT}"
        )
    return f"registering an application in Entra is not allowed to you: {_ROLES['cf1c38e5-3621-4004-a7cb-879624dced7c']}; or {_WAY_OUT}"


def _may_grant(claims: Mapping[str, Any]) -> bool:
    if _is_application(claims):
        return _GRANT in claims.get("roles", [])
    return bool(_ADMINISTRATOR & set(claims.get("wids", [])))


def _is_application(claims: Mapping[str, Any]) -> bool:
    return claims.get("idtyp") == "app" or "scp" not in claims


def _claims(token: str) -> Mapping[str, Any]:
    """Not verified: it is our own, and nothing is believed that it says of others."""
    body = token.split(".")[1]
    return msgspec.json.decode(base64.urlsafe_b64decode(body + "=" * (-len(body) % 4)))
