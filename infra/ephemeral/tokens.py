"""Where the journey's token comes from: whoever is signed in to Azure, or the environment. Keeps none."""

import asyncio
import os

from infra.ephemeral.smoke import SmokeError, Token

TOKEN = "SMOKE_TOKEN"  # noqa: S105 (the variable's name)


def token(client_id: str) -> Token | None:
    """For the gateway's application; None where neither is said, and callers are believed."""
    if os.environ.get(TOKEN):
        return _given
    return _Azure(f"api://{client_id}/.default") if client_id else None


async def _given() -> str:
    return os.environ[TOKEN]


class _Azure:
    """azure-identity's own chain: `az login`, and what `azure/login` leaves in a workflow, are in it."""

    def __init__(self, scope: str) -> None:
        self._scope = scope

    async def __call__(self) -> str:
        """Raises SmokeError."""
        return await asyncio.to_thread(self._asked)

    def _asked(self) -> str:
        try:
            from azure.core.exceptions import AzureError
            from azure.identity import DefaultAzureCredential
        except ModuleNotFoundError as error:
            raise SmokeError("tokens of Azure need azure-identity: install `mcp-gateway[azure]`.") from error
        try:
            with DefaultAzureCredential() as credential:
                return credential.get_token(self._scope).token
        except AzureError as error:
            raise SmokeError(f"Azure gave no token for {self._scope}: {error}") from error
