"""Further settings, by name and value: which of them may stand in the ConfigMap. Those with an option of their own may not."""

import re

from gateway.env import Env, SettingsError
from infra.platform.checks import OptionError, match

_SETTING = re.compile(r"[A-Za-z][A-Za-z0-9]*(__[A-Za-z0-9]+)+|OTEL_[A-Z0-9_]+")
_ELSEWHERE = {
    "GatewaySettings": "belongs into the Secret gateway-secret",
    "Seal": "belongs into the Secret seal-keys",
    "Postgres": "belongs into the Secret postgres-secret",
    "Authentication": "is --dev-identity",
    "Listen": "is decided by the manifests",
    "ControlPlane": "is decided by the manifests",
    "ContainerRegistrySettings": "is --registry",
    "Drain": "is --drain",
    "AzureAd__TenantId": "is --entra-tenant",
    "AzureAd__ClientId": "is --entra-client-id",
    "AzureAd__Instance": "is --entra-instance",
    "Oidc__Issuer": "is --oidc-issuer",
    "Oidc__Audience": "is --oidc-audience",
    "Oidc__RolesClaim": "is --oidc-roles-claim",
    "Oidc__Scope": "is --oidc-scope",
    "Oidc__Certificates": "is --oidc-certificates",
    "Proxy__AllowedHosts": "is --allowed-host",
    "Proxy__AllowedOrigins": "is --allowed-origin",
    "Proxy__RatePerSecond": "is --rate",
    "Proxy__RateBurst": "is --rate-burst",
    "Proxy__Replicas": "is decided by the manifests",
    "Authorization__CreatorRoles": "is --creator-role",
    "Quotas__Records": "is --quota-records",
    "Quotas__Replicas": "is --quota-replicas",
    "OTEL_EXPORTER_OTLP_ENDPOINT": "is --otlp-endpoint",
}


def check_setting(name: str, value: str) -> None:
    """Raises OptionError where it must not stand in a ConfigMap, or has an option of its own, or is refused by the processes."""
    match("--set", name, _SETTING)
    section, _, rest = name.partition("__")
    for known in (section, f"{section}__{rest.partition('__')[0]}"):
        if known in _ELSEWHERE:
            raise OptionError(f"--set: {name} {_ELSEWHERE[known]}")
    if name.endswith(("_HEADERS", "_CLIENT_KEY")):
        raise OptionError(f"--set: {name} may hold a secret, and everybody may read a ConfigMap")
    try:
        Env({name: value})
    except SettingsError as error:
        raise OptionError(f"--set: {error}") from error
