"""As whom the gateway is asked, from the settings: the one place that chooses."""

from infra.catalog.plugin.azure_source import AzureSource
from infra.catalog.plugin.command_source import CommandSource
from infra.catalog.plugin.settings import Settings
from infra.catalog.plugin.tokens import Identity


def identity(settings: Settings) -> Identity:
    """As the settings say."""
    if settings.scope:
        return Identity(AzureSource(settings.scope), {})
    if settings.token_command:
        return Identity(CommandSource(settings.token_command), {})
    dev = {"X-Dev-UserId": settings.dev_user, "X-Dev-Roles": settings.dev_roles}
    return Identity(None, {name: value for name, value in dev.items() if value})
