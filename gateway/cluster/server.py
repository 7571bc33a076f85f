"""Server: which API server to ask, how to know it, and as whom. In a pod: by its service account. Asks nothing itself."""

import ssl
from collections.abc import Callable, Mapping
from pathlib import Path

import msgspec

from gateway.cluster.authority import trusting
from gateway.env import Env, SettingsError

ACCOUNT = Path("/var/run/secrets/kubernetes.io/serviceaccount")


class Server(msgspec.Struct, frozen=True):
    """`token` is called before each request, and reads anew what is rotated; it raises OSError. A blank one is not sent."""

    url: str
    token: Callable[[], str]
    tls: ssl.SSLContext | None = None
    tls_name: str = ""
    """The name on the server's certificate, where that is not the host of `url`."""


def in_cluster(variables: Mapping[str, str], account: Path = ACCOUNT) -> Server:
    """The API server of the cluster whose pod we are. Raises SettingsError."""
    env = Env(variables)
    host = env.text("KUBERNETES_SERVICE_HOST")
    port = env.integer("KUBERNETES_SERVICE_PORT", 443, least=1, most=65535)
    token = token_file(account / "token")
    try:
        tls = trusting(cafile=str(account / "ca.crt"))
    except OSError as error:  # SSLError is one
        raise SettingsError(f"{account / 'ca.crt'}: no certificate can be read there ({error}).") from error
    return Server(f"https://{bracketed(host)}:{port}", token, tls)


def token_file(path: Path) -> Callable[[], str]:
    """Reads the token at every call: the kubelet replaces it long before it expires. Raises SettingsError if it is not there now."""

    def token() -> str:
        return path.read_text("ascii").strip()

    try:
        token()
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: no token can be read there ({error}).") from error
    return token


def bracketed(host: str) -> str:
    """The host as it stands in a URL (RFC 3986 §3.2.2)."""
    return f"[{host}]" if ":" in host and not host.startswith("[") else host
