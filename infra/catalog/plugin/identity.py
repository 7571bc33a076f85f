"""As whom the gateway is asked, from the settings: the one place that chooses."""

from gateway.tokens.azure import azure_tokens
from gateway.tokens.command import TokenCommand
from gateway.tokens.token import Tokens
from infra.catalog.plugin.renewal import Identity
from infra.catalog.plugin.settings import Settings, SettingsError


def identity(settings: Settings) -> Identity:
    """As the settings say. Raises SettingsError where azure-identity is needed and not installed."""
    if settings.scope:
        return Identity(_azure(settings.scope), {})
    if settings.token_command:
        return Identity(TokenCommand(settings.token_command), {})
    dev = {"X-Dev-UserId": settings.dev_user, "X-Dev-Roles": settings.dev_roles}
    return Identity(None, {name: value for name, value in dev.items() if value})


def _azure(scope: str) -> Tokens:
    tokens = azure_tokens(scope)
    if tokens is None:
        raise SettingsError("scope: that takes azure-identity (`mcp-gateway[azure]`).")
    return tokens
