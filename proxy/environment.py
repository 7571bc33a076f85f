"""What the proxy on a cluster is told: its settings, the keys, the control plane. Read once. Who comes in is `sign_in`'s to read."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from gateway.cluster.settings import Settings as ClusterSettings
from gateway.env import Env, SettingsError
from proxy.settings import Settings

CONTROL_PLANE = "ControlPlane__Endpoint"


class Environment(msgspec.Struct, frozen=True):
    """`control_plane` is an origin (`http://control-plane.mcp-gateway.svc:8000`)."""

    cluster: ClusterSettings
    edge: Settings
    control_plane: str

    @classmethod
    def read(cls, variables: Mapping[str, str]) -> "Environment":
        """`ControlPlane__Endpoint`, and what its parts read. Raises SettingsError."""
        env = Env(variables)
        control_plane = env.text(CONTROL_PLANE).rstrip("/")
        if not _is_origin(control_plane):
            raise SettingsError(f"{CONTROL_PLANE}: `{control_plane}` is not an origin (http://host:port).")
        return cls(ClusterSettings.from_env(variables), Settings.from_env(env), control_plane)


def _is_origin(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and text == f"{parts.scheme}://{parts.netloc}"
    except ValueError:
        return False
