"""Which API server is asked, and as whom: service accounts and kubeconfigs, over real TLS where it matters."""

import asyncio
import base64
import datetime
import ipaddress
import json
import ssl
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from gateway.cluster.api import Api, ApiError
from gateway.cluster.kubeconfig import from_kubeconfig
from gateway.cluster.server import in_cluster
from gateway.env import SettingsError

_DAY = datetime.timedelta(days=1)


class Authority:
    """A certificate authority of a test's own; Python checks strictly, so that its certificates have all they should."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
        usage = x509.KeyUsage(False, False, False, False, False, True, True, False, False)
        builder = self._builder(self._name, self._key).add_extension(x509.BasicConstraints(True, None), True)
        self.pem = _pem(builder.add_extension(usage, True).sign(self._key, hashes.SHA256()))

    def issue(self, name: str, *hosts: str) -> tuple[bytes, bytes]:
        """A certificate and its key."""
        key = ec.generate_private_key(ec.SECP256R1())
        names = [
            x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host) for host in hosts
        ]
        builder = self._builder(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key)
        if names:
            builder = builder.add_extension(x509.SubjectAlternativeName(names), False)
        authority = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key())
        certificate = builder.add_extension(authority, False).sign(self._key, hashes.SHA256())
        return _pem(certificate), _private(key)

    def server(self, *hosts: str, clients: bool = False) -> ssl.SSLContext:
        """What a server with such names needs; `clients`: it asks for their certificates."""
        certificate, key = self.issue("server", *hosts)
        (self._folder / "server.pem").write_bytes(certificate + key)
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cadata=self.pem.decode() if clients else None)
        context.load_cert_chain(self._folder / "server.pem")
        if clients:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def _builder(self, subject: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - _DAY)
            .not_valid_after(now + _DAY)
            .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), False)
        )


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    """An authority of this test's own."""
    return Authority(tmp_path)


@asynccontextmanager
async def answering(tls: ssl.SSLContext | None = None, host: str = "127.0.0.1") -> AsyncGenerator[int]:
    """The port of a server that says who asks: the token, and the name on the certificate."""

    async def answer(request: web.BaseRequest) -> web.Response:
        certificate: Any = request.transport.get_extra_info("peercert") if request.transport else None
        return web.json_response({"token": request.headers.get("Authorization"), "certificate": bool(certificate)})

    server = web.Server(answer)
    listener = await asyncio.get_running_loop().create_server(server, host, 0, ssl=tls)
    try:
        yield listener.sockets[0].getsockname()[1]
    finally:
        listener.close()
        await server.shutdown(0.1)


def account(folder: Path, authority: Authority, token: str) -> Path:
    """The folder that a pod finds."""
    (folder / "token").write_text(token)
    (folder / "ca.crt").write_bytes(authority.pem)
    return folder


def kubeconfig(folder: Path, cluster: dict[str, Any], user: dict[str, Any] | None = None) -> Path:
    """A file in JSON, as `kubectl config view -o json` prints it."""
    path = folder / "kubeconfig"
    config: dict[str, Any] = {
        "kind": "Config",
        "current-context": "it",
        "contexts": [
            {"name": "other", "context": {"cluster": "no"}},
            {"name": "it", "context": {"cluster": "c", "user": "u"}},
        ],
        "clusters": [{"name": "c", "cluster": cluster}],
        "users": [{"name": "u", "user": user or {}}],
    }
    path.write_text(json.dumps(config))
    return path


def coded(text: bytes) -> str:
    """As it stands in a kubeconfig."""
    return base64.b64encode(text).decode()


async def asked(api: Api) -> dict[str, Any]:
    """What the server says of who asked."""
    return json.loads(await api.page("/", {}))


async def test_a_pod_asks_as_its_service_account_with_the_token_that_is_there_now(
    tmp_path: Path, authority: Authority
) -> None:
    async with answering(authority.server("127.0.0.1")) as port:
        variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port)}
        async with Api(in_cluster(variables, account(tmp_path, authority, "one\n"))) as api:
            assert (await asked(api))["token"] == "Bearer one"
            (tmp_path / "token").write_text("two")
            assert (await asked(api))["token"] == "Bearer two"
            (tmp_path / "token").unlink()
            with pytest.raises(ApiError, match="FileNotFoundError"):
                await asked(api)


async def test_a_server_with_another_authority_is_not_asked(tmp_path: Path, authority: Authority) -> None:
    stranger = Authority(tmp_path)
    async with answering(stranger.server("127.0.0.1")) as port:
        variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": str(port)}
        async with Api(in_cluster(variables, account(tmp_path, authority, "one"))) as api:
            with pytest.raises(ApiError, match="certificate verify failed"):
                await asked(api)


def test_a_host_may_be_an_ipv6_address(tmp_path: Path, authority: Authority) -> None:
    variables = {"KUBERNETES_SERVICE_HOST": "fd00::1", "KUBERNETES_SERVICE_PORT": "6443"}
    assert in_cluster(variables, account(tmp_path, authority, "one")).url == "https://[fd00::1]:6443"


@pytest.mark.parametrize("missing", ["KUBERNETES_SERVICE_HOST", "token", "ca.crt"])
def test_whatever_is_missing_in_a_pod_is_named(tmp_path: Path, authority: Authority, missing: str) -> None:
    variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1"}
    folder = account(tmp_path, authority, "one")
    if missing in variables:
        del variables[missing]
    else:
        (folder / missing).unlink()
    with pytest.raises(SettingsError, match=missing):
        in_cluster(variables, folder)


async def test_a_kubeconfig_may_hold_a_token_and_the_authority(tmp_path: Path, authority: Authority) -> None:
    async with answering(authority.server("127.0.0.1")) as port:
        cluster = {"server": f"https://127.0.0.1:{port}/", "certificate-authority-data": coded(authority.pem)}
        async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, {"token": "secret"}))) as api:
            assert await asked(api) == {"token": "Bearer secret", "certificate": False}


async def test_a_kubeconfig_may_name_files_beside_it(tmp_path: Path, authority: Authority) -> None:
    certificate, key = authority.issue("ada")
    for name, text in {"ca": authority.pem, "certificate": certificate, "key": key, "token": b"here"}.items():
        (tmp_path / name).write_bytes(text)
    user = {"client-certificate": "certificate", "client-key": "key", "tokenFile": "token"}
    async with answering(authority.server("127.0.0.1", clients=True)) as port:
        cluster = {"server": f"https://127.0.0.1:{port}", "certificate-authority": "ca"}
        async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, user))) as api:
            assert await asked(api) == {"token": "Bearer here", "certificate": True}


async def test_a_kubeconfig_may_hold_a_client_certificate_and_the_servers_name(
    tmp_path: Path, authority: Authority
) -> None:
    certificate, key = authority.issue("ada")
    user = {"client-certificate-data": coded(certificate), "client-key-data": coded(key)}
    async with answering(authority.server("kubernetes.default", clients=True)) as port:
        cluster = {
            "server": f"https://127.0.0.1:{port}",
            "certificate-authority-data": coded(authority.pem),
            "tls-server-name": "kubernetes.default",
        }
        async with Api(from_kubeconfig(kubeconfig(tmp_path, cluster, user))) as api:
            assert await asked(api) == {"token": None, "certificate": True}


async def test_a_kubeconfig_may_be_yaml(tmp_path: Path) -> None:
    async with answering() as port:
        path = tmp_path / "config.yaml"
        path.write_text(
            "apiVersion: v1\nkind: Config\ncurrent-context: it\npreferences: {}\n"
            "contexts:\n- name: it\n  context: {cluster: c, user: u}\n"
            f"clusters:\n- name: c\n  cluster:\n    server: http://127.0.0.1:{port}\n"
            "users:\n- name: u\n  user:\n    token: secret\n"
        )
        async with Api(from_kubeconfig(path)) as api:
            assert (await asked(api))["token"] == "Bearer secret"


def _written(change: Callable[[dict[str, Any]], None]) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        path = kubeconfig(folder, {"server": "https://127.0.0.1"})
        config = json.loads(path.read_text())
        change(config)
        path.write_text(json.dumps(config))
        return path

    return write


def _absent(folder: Path) -> Path:
    return folder / "absent"


def _cluster(**members: Any) -> Callable[[Path], Path]:
    return _written(lambda config: config["clusters"][0]["cluster"].update(members))


@pytest.mark.parametrize(
    ("write", "said"),
    [
        (_absent, "No such file"),
        (_written(lambda config: config.update({"current-context": "else"})), "there is no 'else' in it"),
        (_written(lambda config: config.pop("clusters")), "there is no 'c' in it"),
        (_written(lambda config: config["clusters"][0]["cluster"].pop("server")), "server"),
        (_cluster(server="127.0.0.1:6443"), "not the URL of a server"),
        (_cluster(**{"insecure-skip-tls-verify": True}), "give the certificate authority instead"),
        (_cluster(**{"certificate-authority-data": "!"}), "base64"),
        (_cluster(**{"certificate-authority-data": coded(b"no certificate")}), "kubeconfig"),
        (_cluster(**{"certificate-authority": "absent"}), "No such file"),
    ],
)
def test_what_is_wrong_with_a_kubeconfig_is_said_with_its_name(
    tmp_path: Path, write: Callable[[Path], Path], said: str
) -> None:
    with pytest.raises(SettingsError, match=said) as refused:
        from_kubeconfig(write(tmp_path))
    assert str(tmp_path) in str(refused.value)


async def test_a_server_that_is_not_there_is_an_api_error(tmp_path: Path) -> None:
    async with answering() as port:
        pass
    path = kubeconfig(tmp_path, {"server": f"http://127.0.0.1:{port}"})
    async with Api(from_kubeconfig(path)) as api:
        with pytest.raises(ApiError, match="Cannot connect"):
            await asked(api)
