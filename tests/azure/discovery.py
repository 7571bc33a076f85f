"""What sign-in libraries look up about Entra before they ask for a token: the instance, and the tenant's document."""

from tests.azure.entra import Entra
from tests.azure.replies import json
from tests.fakes.identity_provider_http import Answer, Asked

HOST = "login.microsoftonline.com"


def discovered(asked: Asked, entra: Entra) -> Answer | None:
    """The document; None where it is none."""
    if asked.method != "GET":
        return None
    base = f"https://{HOST}/{entra.provider.tenant}"
    if asked.path == "/common/discovery/instance":
        alias = {"preferred_network": HOST, "preferred_cache": HOST, "aliases": [HOST]}
        return json({"tenant_discovery_endpoint": f"{base}/v2.0/.well-known/openid-configuration", "metadata": [alias]})
    if asked.path.endswith("/v2.0/.well-known/openid-configuration"):
        return json(
            {
                "issuer": f"{base}/v2.0",
                "authorization_endpoint": f"{base}/oauth2/v2.0/authorize",
                "token_endpoint": f"{base}/oauth2/v2.0/token",
                "jwks_uri": f"{base}/discovery/v2.0/keys",
            }
        )
    return None
