"""Settings: one ConfigMap that the three processes read at their start. Holds nothing secret."""

import hashlib
from urllib.parse import urlsplit

import msgspec

from infra.platform.names import CONTROL_PLANE, PORT_NUMBER, PROXY_SERVICE, Manifest, internal, metadata
from infra.platform.options import PlatformOptions

NAME = "gateway-settings"
STAMP = "mcp-gateway/settings"


def config_map(options: PlatformOptions) -> Manifest:
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata(NAME), "data": _values(options)}


def stamp(options: PlatformOptions) -> dict[str, str]:
    """An annotation of pod templates: when a setting changes, so do they, and the pods are replaced one by one."""
    return {STAMP: hashlib.sha256(msgspec.json.encode(_values(options), order="sorted")).hexdigest()[:16]}


def _values(options: PlatformOptions) -> dict[str, str]:
    values = {
        "ContainerRegistrySettings__Endpoint": options.registry,
        "ControlPlane__Endpoint": f"http://{internal(CONTROL_PLANE)}:{PORT_NUMBER}",
        "Drain__Seconds": str(options.drain),
        **{f"Proxy__AllowedHosts__{index}": host for index, host in enumerate(_hosts(options))},
    }
    if options.public_origin:
        values["PublicOrigin"] = options.public_origin
    if options.dev_identity:
        values["Authentication__BypassEntra"] = "true"
    return {**values, **options.settings}


def _hosts(options: PlatformOptions) -> list[str]:
    """The names by which clients may call the proxy; loopback, which a port-forward is, always may."""
    service = internal(PROXY_SERVICE)
    public = urlsplit(options.public_origin).netloc
    named = [PROXY_SERVICE, service, f"{service}.cluster.local", *([public] if public else []), *options.allowed_hosts]
    return list(dict.fromkeys(named))
