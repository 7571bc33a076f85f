"""AzureTokens: tokens of whoever is signed in to Azure here, by azure-identity. Needs the extra `azure`; imported on demand.

The chain is azure-identity's own (DefaultAzureCredential): environment, workload identity, managed identity, VS Code, az,
PowerShell, azd. `AZURE_TOKEN_CREDENTIALS` names one of them, or a group. Nothing is logged, and errors hold no token.
"""

import asyncio
import logging

from azure.core.exceptions import AzureError
from azure.identity.aio import DefaultAzureCredential

from gateway.plain_line import plain_line
from gateway.tokens.token import PATIENCE, NoToken, Token

_NOBODY = (
    "Nobody is signed in to Azure here: run `az login`, or name an identity in the environment (AZURE_CLIENT_ID, …)."
)
_LONGEST = 400  # characters of what Azure says; what matters comes first


class AzureTokens:
    """For one scope, `…/.default`. The identity that once gave a token is asked again, the chain only when it is `anew`."""

    def __init__(self, scope: str) -> None:
        self._scope = scope
        self._credential: DefaultAzureCredential | None = None
        for name in ("azure", "msal"):
            # Without a handler of their own their warnings would be printed, each attempt of the chain among them.
            logging.getLogger(name).addHandler(logging.NullHandler())

    async def fetch(self, *, anew: bool) -> Token:
        """Asks the chain. Raises NoToken."""
        if anew:
            await self.close()  # with the tokens it remembers
        try:
            async with asyncio.timeout(PATIENCE):
                return await self._asked()
        except TimeoutError:
            raise NoToken(f"Azure gave no token within {PATIENCE:g} s.") from None
        except AzureError as error:
            raise NoToken(_why(str(error.message))) from None
        except (
            ValueError,
            OSError,
        ) as error:  # of the environment: an authority that is no https URL, a file not there
            raise NoToken(_said(str(error))) from None

    async def close(self) -> None:
        """Closes its connections."""
        credential, self._credential = self._credential, None
        if credential:
            await credential.close()

    async def _asked(self) -> Token:
        if self._credential is None:
            self._credential = DefaultAzureCredential()
        token = await self._credential.get_token(self._scope)
        return Token(token.token, float(token.expires_on))


def _why(message: str) -> str:
    """The one of the chain's attempts that a person can do something about."""
    attempts = [line.strip() for line in message.splitlines() if line.startswith("\t")]
    if not attempts:
        return _said(message)
    refused = [attempt for attempt in attempts if "AADSTS" in attempt]
    if refused:
        return _said(refused[-1])
    # The chain stops where an identity is there but cannot be used; its end is reached where there is none.
    return _NOBODY if attempts[-1].startswith("AzureDeveloperCliCredential:") else _said(attempts[-1])


def _said(text: str) -> str:
    line = plain_line(text).rstrip(".")
    return f"Azure gave no token: {line if len(line) <= _LONGEST else line[:_LONGEST] + '…'}."
