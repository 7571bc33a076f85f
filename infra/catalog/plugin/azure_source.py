"""AzureSource: tokens of whoever is signed in to Azure here, by azure-identity's own chain. Needs the extra `azure`."""

import asyncio
from typing import TYPE_CHECKING

from infra.catalog.plugin.tokens import PATIENCE, NoToken, Token

if TYPE_CHECKING:
    from azure.identity.aio import DefaultAzureCredential


class AzureSource:
    """For one scope, `…/.default`. azure-identity is imported when it is first asked."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._credential: DefaultAzureCredential | None = None

    async def fetch(self, *, anew: bool) -> Token:
        """Asks the chain, whose tokens are remembered with its credential. Raises NoToken."""
        if anew:
            await self.close()
        try:
            from azure.core.exceptions import AzureError
            from azure.identity.aio import DefaultAzureCredential
        except ImportError:
            raise NoToken("scope: that takes azure-identity (`mcp-gateway[azure]`).") from None
        self._credential = self._credential or DefaultAzureCredential()
        try:
            async with asyncio.timeout(PATIENCE):
                token = await self._credential.get_token(self._scope)
        except TimeoutError:
            raise NoToken(f"Azure gave no token within {PATIENCE:g} s.") from None
        except AzureError as error:
            raise NoToken(f"Azure gave no token: {error.message}") from None
        except (
            ValueError,
            OSError,
        ) as error:  # of the environment: an authority that is no https URL, a file not there
            raise NoToken(f"Azure gave no token: {error}") from None
        return Token(token.token, float(token.expires_on))

    async def close(self) -> None:
        """Closes its connections."""
        credential, self._credential = self._credential, None
        if credential:
            await credential.close()
