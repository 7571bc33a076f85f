"""Settings: one ConfigMap that the three processes read at their start. Holds nothing secret."""

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import urlsplit

import msgspec

from infra.platform.names import CONTROL_PLANE, PORT_NUMBER, PROXY_SERVICE, Manifest, internal, metadata
from infra.platform.options import PlatformOptions

NAME = "gateway-settings"
STAMP = "mcp-gateway/settings"


def config_map(options: PlatformOptions) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(NAME), "data": shared(options)}


def stamp(options: PlatformOptions) -> dict[str, str]:
    """An annotation of pod templates: when a setting changes, so do they, and the pods are replaced one by one."""
    return {STAMP: hashlib.sha256(msgspec.json.encode(shared(options), order="sorted")).hexdigest()[:16]}


def shared(options: PlatformOptions) -> dict[str, str]:
    """What all of them are told, and each picks its own of."""
    values = {
        "ContainerRegistrySettings__Endpoint": options.registry,
        "ControlPlane__Endpoint": options.control_plane_url or f"http://{internal(CONTROL_PLANE)}:{PORT_NUMBER}",
        "Drain__Seconds": str(options.drain),
        **_listed("Proxy__AllowedHosts", _hosts(options)),
    }
    return {**values, **_who_comes_in(options), **_limits(options), **options.settings}


def _who_comes_in(options: PlatformOptions) -> dict[str, str]:
    return _given(
        {
            "Authentication__BypassEntra": "true" if options.dev_identity else "",
            "PublicOrigin": options.public_origin,
            "AzureAd__Instance": options.entra_instance,
            "AzureAd__TenantId": options.entra_tenant,
            "AzureAd__ClientId": options.entra_client_id,
            "Oidc__Issuer": options.oidc_issuer,
            **_listed("Oidc__Audience", options.oidc_audiences),
            "Oidc__RolesClaim": options.oidc_roles_claim,
            "Oidc__Scope": options.oidc_scope,
            "Oidc__Certificates": options.oidc_certificates,
            **_listed("Proxy__AllowedOrigins", options.allowed_origins),
            **_listed("Authorization__CreatorRoles", options.creator_roles),
        }
    )


def _limits(options: PlatformOptions) -> dict[str, str]:
    """How many proxies share the rate is said to them alone: it changes with their number, and nobody else shall."""
    return _given(
        {
            "Proxy__RatePerSecond": str(options.rate),
            "Proxy__RateBurst": "" if options.rate_burst is None else str(options.rate_burst),
            "Quotas__Records": str(options.quota_records or ""),
            "Quotas__Replicas": str(options.quota_replicas or ""),
            "OTEL_EXPORTER_OTLP_ENDPOINT": options.telemetry,
        }
    )


def _listed(name: str, values: Sequence[str]) -> dict[str, str]:
    return {f"{name}__{index}": value for index, value in enumerate(values)}


def _given(values: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in values.items() if value}


def _hosts(options: PlatformOptions) -> list[str]:
    """The names by which clients may call the proxy; loopback, which a port-forward is, always may."""
    service = internal(PROXY_SERVICE)
    public = urlsplit(options.public_origin).netloc
    named = [PROXY_SERVICE, service, f"{service}.cluster.local", *([public] if public else []), *options.allowed_hosts]
    return list(dict.fromkeys(named))
