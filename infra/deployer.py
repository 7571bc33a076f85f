"""Deployer: who builds the stack, to Azure: the same as the engine's provider takes from the same variables. Keeps no token.

`ARM_USE_OIDC` with a token, its file or GitHub's address for one; `ARM_CLIENT_SECRET`; `ARM_USE_MSI`; else whoever ran `az login`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

type TokenFor = Callable[[str], Awaitable[str]]
"""An access token for a scope (`https://management.azure.com/.default`)."""

MANAGEMENT = "https://management.azure.com"
GRAPH = "https://graph.microsoft.com"
_AUDIENCE = "api://AzureADTokenExchange"


def token_for(variables: Mapping[str, str]) -> TokenFor:
    """Raises azure.core's ClientAuthenticationError when it is asked, where nobody is signed in."""

    async def token(scope: str) -> str:
        async with await _credential(variables) as credential:
            return (await credential.get_token(scope)).token

    return token


async def _credential(variables: Mapping[str, str]) -> "AsyncTokenCredential":
    # On demand: a tenth of a second that a preview of a local stack need not spend.
    from azure.identity import aio

    tenant, client = variables.get("ARM_TENANT_ID", ""), variables.get("ARM_CLIENT_ID", "")
    if variables.get("ARM_USE_OIDC", "").lower() in ("true", "1"):
        assertion = await _assertion(variables)
        return aio.ClientAssertionCredential(tenant, client, assertion.strip)
    if secret := variables.get("ARM_CLIENT_SECRET", ""):
        return aio.ClientSecretCredential(tenant, client, secret)
    if variables.get("ARM_USE_MSI", "").lower() in ("true", "1"):
        return aio.ManagedIdentityCredential(client_id=client or None)
    return aio.AzureCliCredential()


async def _assertion(variables: Mapping[str, str]) -> str:
    """What the workflow's own identity provider says of it."""
    if token := variables.get("ARM_OIDC_TOKEN", ""):
        return token
    if path := variables.get("ARM_OIDC_TOKEN_FILE_PATH", ""):
        return await asyncio.to_thread(Path(path).read_text)
    url = variables.get("ARM_OIDC_REQUEST_URL") or variables["ACTIONS_ID_TOKEN_REQUEST_URL"]
    bearer = variables.get("ARM_OIDC_REQUEST_TOKEN") or variables["ACTIONS_ID_TOKEN_REQUEST_TOKEN"]
    headers = {"Authorization": f"Bearer {bearer}"}
    async with (
        aiohttp.ClientSession(raise_for_status=True) as session,
        session.get(url, params={"audience": _AUDIENCE}, headers=headers) as answer,
    ):
        return str((await answer.json())["value"])
