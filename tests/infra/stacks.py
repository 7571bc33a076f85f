"""Stacks: configurations that tests build the whole program with, each with what it says differently."""

from collections.abc import Mapping

from tests.infra.standins.ids import SUBSCRIPTION

type Settings = Mapping[str, str]

FOUNDRY = f"/subscriptions/{SUBSCRIPTION}/resourceGroups/models/providers/Microsoft.CognitiveServices/accounts/models"

DEV: Settings = {"resourceLabel": "trial", "tls": "selfSigned"}
"""As small as it gets."""

PRODUCTION: Settings = {
    "resourceLabel": "large",
    "production": "true",
    "deployerCidrs": '["198.51.100.0/24"]',
    "tls": "keyVaultSecretId",
    "publicHost": "mcp.example.com",
    "keyVaultSecretId": "https://certificates.vault.azure.net/secrets/mcp",
    "cosmosMode": "provisioned",
    "manageIdentifierUris": "true",
    "foundryEndpoint": "https://models.openai.azure.com",
    "foundryDeployment": "large",
    "foundryResourceId": FOUNDRY,
}
"""Reached from the internet, built from outside."""

PRIVATE: Settings = {
    "resourceLabel": "inside",
    "production": "true",
    "enablePrivateEndpoints": "true",
    "tls": "selfSigned",
}
"""Nothing but the front door is reached from outside."""

ALL: Mapping[str, Settings] = {"dev": DEV, "production": PRODUCTION, "private": PRIVATE}
