"""kubeconfig: the API server that a file names, for development and tests; pods have a service account instead.

Tokens and client certificates, in the file or in files beside it. Plug-ins that make tokens (`exec`) are not run.
"""

import binascii
import os
import ssl
import tempfile
from base64 import b64decode
from collections.abc import Callable
from pathlib import Path

import msgspec

from gateway.cluster.authority import trusting
from gateway.cluster.server import Server, token_file
from gateway.env import SettingsError


class _Cluster(msgspec.Struct, rename="kebab"):
    server: str
    certificate_authority: str = ""
    certificate_authority_data: str = ""
    tls_server_name: str = ""
    insecure_skip_tls_verify: bool = False


class _User(msgspec.Struct, rename="kebab"):
    token: str = ""
    token_file: str = msgspec.field(default="", name="tokenFile")
    client_certificate: str = ""
    client_certificate_data: str = ""
    client_key: str = ""
    client_key_data: str = ""


class _Context(msgspec.Struct):
    cluster: str
    user: str = ""


class _NamedCluster(msgspec.Struct):
    name: str
    cluster: _Cluster


class _NamedUser(msgspec.Struct):
    name: str
    user: _User = msgspec.field(default_factory=_User)


class _NamedContext(msgspec.Struct):
    name: str
    context: _Context


class _Config(msgspec.Struct, rename="kebab"):
    current_context: str = ""
    contexts: list[_NamedContext] = []
    clusters: list[_NamedCluster] = []
    users: list[_NamedUser] = []


def from_kubeconfig(path: Path) -> Server:
    """The API server of the file's current context. Raises SettingsError, naming the file."""
    try:
        config = _decoded(path.read_bytes())
        contexts = {named.name: named.context for named in config.contexts}
        clusters = {named.name: named.cluster for named in config.clusters}
        users = {named.name: named.user for named in config.users}
        context = contexts[config.current_context]
        return _server(clusters[context.cluster], users.get(context.user, _User()), path.parent)
    except KeyError as error:
        raise SettingsError(f"{path}: there is no {error} in it.") from error
    except (OSError, ValueError) as error:  # of msgspec, base64 and ssl too
        raise SettingsError(f"{path}: {error}.") from error


def _decoded(text: bytes) -> _Config:
    try:
        return msgspec.json.decode(text, type=_Config)
    except msgspec.ValidationError:
        raise
    except msgspec.DecodeError:  # JSON is what needs no further package
        try:
            return msgspec.yaml.decode(text, type=_Config)
        except ImportError:
            raise ValueError("reading YAML needs PyYAML; `kubectl config view --raw -o json` prints JSON") from None


def _server(cluster: _Cluster, user: _User, folder: Path) -> Server:
    url = cluster.server.rstrip("/")
    if not url.startswith(("https://", "http://")):
        raise ValueError(f"`{url}` is not the URL of a server")
    tls = _tls(cluster, user, folder) if url.startswith("https://") else None
    return Server(url, _token(user, folder), tls, cluster.tls_server_name)


def _token(user: _User, folder: Path) -> Callable[[], str]:
    if user.token_file and not user.token:
        return token_file(folder / user.token_file)
    return lambda: user.token


def _tls(cluster: _Cluster, user: _User, folder: Path) -> ssl.SSLContext:
    if cluster.insecure_skip_tls_verify:
        raise ValueError("insecure-skip-tls-verify: give the certificate authority instead")
    tls = ssl.create_default_context()
    if authority := _content(cluster.certificate_authority_data, cluster.certificate_authority, folder):
        tls = trusting(cadata=authority.decode("ascii"))
    certificate = _content(user.client_certificate_data, user.client_certificate, folder)
    key = _content(user.client_key_data, user.client_key, folder)
    if certificate and key:
        _present(tls, certificate + b"\n" + key)
    return tls


def _content(data: str, path: str, folder: Path) -> bytes:
    """What stands in the file itself, or in the one it names; nothing where it has neither."""
    try:
        return b64decode(data, validate=True) if data else (folder / path).read_bytes() if path else b""
    except binascii.Error as error:
        raise ValueError(f"a certificate or a key is not base64: {error}") from error


def _present(tls: ssl.SSLContext, certificate_and_key: bytes) -> None:
    """`ssl` takes certificates of one's own from files only: one that nobody else can read, for as long as it takes."""
    number, path = tempfile.mkstemp()
    try:
        with os.fdopen(number, "wb") as file:
            file.write(certificate_and_key)
        tls.load_cert_chain(path)
    finally:
        Path(path).unlink()
