"""Authorities of clusters, as they are found: what is trusted of them, and what is not. Over real TLS."""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from aiohttp import ClientConnectorCertificateError, ClientSession, web
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.cluster.authority import trusting

type Signer = tuple[x509.Name, ec.EllipticCurvePrivateKey]

_DAY = timedelta(days=1)


async def test_authority_without_identifiers_of_keys_is_trusted(tmp_path: Path) -> None:
    ca = _authority(tmp_path, "old")
    async with _serving(_leaf(tmp_path, ca)) as url:
        assert await _asked(url, trusting(cafile=str(tmp_path / "old.pem"))) == 200
        assert await _asked(url, trusting(cadata=(tmp_path / "old.pem").read_text())) == 200
        with pytest.raises(ClientConnectorCertificateError, match=r"Key Identifier|key usage"):
            await _asked(url, ssl.create_default_context(cafile=str(tmp_path / "old.pem")))


async def test_other_authorities_and_other_names_are_not(tmp_path: Path) -> None:
    ca = _authority(tmp_path, "old")
    _authority(tmp_path, "another")
    async with _serving(_leaf(tmp_path, ca)) as url:
        with pytest.raises(ClientConnectorCertificateError):
            await _asked(url, trusting(cafile=str(tmp_path / "another.pem")))
    async with _serving(_leaf(tmp_path, ca, host="elsewhere.example")) as url:
        with pytest.raises(ClientConnectorCertificateError, match=r"[Hh]ostname mismatch"):
            await _asked(url, trusting(cafile=str(tmp_path / "old.pem")))


async def _asked(url: str, tls: ssl.SSLContext) -> int:
    async with ClientSession() as session, session.get(url, ssl=tls) as answer:
        return answer.status


@asynccontextmanager
async def _serving(certificate: Path) -> AsyncGenerator[str]:
    async def respond(_: web.BaseRequest) -> web.Response:
        return web.Response()

    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(certificate)
    runner = web.ServerRunner(web.Server(respond), shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=tls).start()
        yield f"https://localhost:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


def _authority(folder: Path, name: str) -> Signer:
    """As old clusters have it: that it is an authority, and nothing else."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    made = _builder(subject, subject, key).add_extension(
        x509.BasicConstraints(ca=True, path_length=None), critical=True
    )
    (folder / f"{name}.pem").write_bytes(made.sign(key, hashes.SHA256()).public_bytes(Encoding.PEM))
    return subject, key


def _leaf(folder: Path, signer: Signer, host: str = "localhost") -> Path:
    issuer, issuing = signer
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "server")])
    names = x509.SubjectAlternativeName([x509.DNSName(host)])
    made = _builder(subject, issuer, key).add_extension(names, critical=False).sign(issuing, hashes.SHA256())
    file = folder / f"{host}.pem"
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    file.write_bytes(made.public_bytes(Encoding.PEM) + private)
    return file


def _builder(subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey) -> x509.CertificateBuilder:
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    return made.serial_number(x509.random_serial_number()).not_valid_before(now - _DAY).not_valid_after(now + _DAY)
