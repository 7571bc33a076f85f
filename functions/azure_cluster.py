"""The cluster as Azure Functions reaches it: by its address and its authority, which the program that made it tells us.

No kubeconfig and no service account stand for it there; who shows tokens is `azure_cluster_token`.
"""

import base64
import binascii
import ssl
from collections.abc import Mapping

from msgspec import structs

from functions.cluster_settings import ClusterSettings
from gateway import address
from gateway.env import Env, SettingsError

SERVER, AUTHORITY = "Kubernetes__ApiServer", "Kubernetes__CertificateAuthority"
_KUBECONFIG = "Kubernetes__Kubeconfig"
_PEM = "-----BEGIN CERTIFICATE-----"


def cluster_settings(variables: Mapping[str, str]) -> ClusterSettings:
    """`Kubernetes__ApiServer`, `Kubernetes__CertificateAuthority` (PEM, or base64 of it), and those of every cluster.

    Raises SettingsError.
    """
    env = Env(variables)
    if env.text(_KUBECONFIG, ""):
        raise SettingsError(f"{_KUBECONFIG}: here a cluster is reached by {SERVER}, with tokens.")
    common = ClusterSettings.from_env(variables)
    return structs.replace(common, server=_server(env.text(SERVER)), authority=_authority(env.text(AUTHORITY)))


def _server(text: str) -> str:
    """An origin. Tokens go there, so nothing but TLS will do."""
    parts = address.split(text)
    if parts is None or parts.scheme != "https" or parts.path.strip("/") or parts.query or parts.fragment:
        raise SettingsError(f"{SERVER}: expected the https URL of an API server, without a path.")
    return f"https://{parts.netloc}"


def _authority(text: str) -> str:
    """Certificates as PEM. A setting has one line, so Azure hands them out in base64."""
    pem = text if text.startswith(_PEM) else _decoded(text)
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_verify_locations(cadata=pem)
    except (ssl.SSLError, ValueError):
        raise SettingsError(f"{AUTHORITY}: there is no certificate in it.") from None
    return pem


def _decoded(text: str) -> str:
    try:
        return base64.b64decode("".join(text.split()), validate=True).decode("ascii")
    except (binascii.Error, UnicodeDecodeError):
        raise SettingsError(f"{AUTHORITY}: neither PEM nor base64 of it.") from None
