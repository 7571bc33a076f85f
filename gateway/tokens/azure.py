"""Tokens of whoever is signed in to Azure here, where azure-identity is installed. How they are got: `gateway.azure.tokens`."""

from gateway.tokens.token import Tokens


def azure_tokens(scope: str) -> Tokens | None:
    """For one scope, `…/.default`. None where azure-identity is not installed."""
    try:
        from gateway.azure.tokens import AzureTokens  # a third of a second, and not everywhere
    except ModuleNotFoundError as error:
        if not (error.name or "").startswith("azure"):
            raise
        return None
    return AzureTokens(scope)
