"""The cluster's certificates, with openssl: one authority, three leaves, and the key that signs service accounts' tokens.

Python 3.13 verifies strictly: an authority must say that it may sign certificates, a leaf must name its authority's key.
"""

import subprocess
from pathlib import Path

from tests.cluster.layout import DOMAIN, NODE, Layout

_DAYS = "30"
_CONFIG = "[req]\ndistinguished_name = name\nprompt = no\n[name]\n"  # none of the defaults of the machine's own
_LEAF = (
    "basicConstraints=critical,CA:FALSE",
    "keyUsage=critical,digitalSignature,keyEncipherment",
    "subjectKeyIdentifier=hash",
    "authorityKeyIdentifier=keyid",
)


def issue(layout: Layout) -> None:
    """Writes ca, apiserver, kubelet and kubelet-client (.crt, .key) and service-accounts.{key,pub} to `layout.pki`."""
    folder = layout.pki
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    (folder / "openssl.cnf").write_text(_CONFIG)
    _authority(folder)
    names = [
        "kubernetes",
        "kubernetes.default",
        "kubernetes.default.svc",
        f"kubernetes.default.svc.{DOMAIN}",
        "localhost",
    ]
    addresses = ["127.0.0.1", layout.node, layout.first_service]
    _leaf(folder, "apiserver", "/CN=kube-apiserver", "serverAuth", names, addresses)
    _leaf(folder, "kubelet", f"/CN=system:node:{NODE}", "serverAuth", [NODE], [layout.node])
    # Whom the kubelet lets in for logs and exec: the API server, by this.
    _leaf(folder, "kubelet-client", "/O=system:masters/CN=kube-apiserver-kubelet-client", "clientAuth")
    key, public = folder / "service-accounts.key", folder / "service-accounts.pub"
    _openssl("genpkey", "-algorithm", "RSA", "-pkeyopt", "rsa_keygen_bits:2048", "-out", str(key))
    _openssl("pkey", "-in", str(key), "-pubout", "-out", str(public))


def serving(layout: Layout, name: str, address: str) -> tuple[Path, Path]:
    """The files of a certificate, for a server of the tests' own at that address, and of its key."""
    _leaf(layout.pki, name, f"/CN={name}", "serverAuth", addresses=[address])
    return layout.pki / f"{name}.crt", layout.pki / f"{name}.key"


def _authority(folder: Path) -> None:
    extensions = (
        "basicConstraints=critical,CA:TRUE",
        "keyUsage=critical,keyCertSign,cRLSign",
        "subjectKeyIdentifier=hash",
    )
    _certificate(folder, "ca", "/CN=mcp-gateway-tests", extensions)


def _leaf(folder: Path, name: str, subject: str, usage: str, names: list[str] = [], addresses: list[str] = []) -> None:  # noqa: B006 - never changed
    alternatives = [*(f"DNS:{name}" for name in names), *(f"IP:{address}" for address in addresses)]
    extensions = [*_LEAF, f"extendedKeyUsage={usage}"]
    if alternatives:
        extensions.append(f"subjectAltName={','.join(alternatives)}")
    authority = ("-CA", str(folder / "ca.crt"), "-CAkey", str(folder / "ca.key"))
    _certificate(folder, name, subject, extensions, authority)


def _certificate(
    folder: Path, name: str, subject: str, extensions: tuple[str, ...] | list[str], authority: tuple[str, ...] = ()
) -> None:
    key = (
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-keyout",
        str(folder / f"{name}.key"),
    )
    said = [part for extension in extensions for part in ("-addext", extension)]
    config, out = str(folder / "openssl.cnf"), str(folder / f"{name}.crt")
    _openssl("req", "-x509", "-config", config, *key, "-subj", subject, "-days", _DAYS, *said, *authority, "-out", out)


def _openssl(*arguments: str) -> None:
    """Raises subprocess.CalledProcessError; what openssl said is in its `stderr`."""
    subprocess.run(["openssl", *arguments], check=True, capture_output=True)
