"""Kubeconfig: what Azure hands out for a cluster, and what the engine uses of it. No secret in either: kubelogin signs in.

Who it signs in as is whoever runs the program: `AAD_LOGIN_METHOD` (`azurecli` unless it says `workloadidentity`, `spn`, `msi`).
"""

import base64
from typing import Any

import msgspec
import yaml

AKS_APPLICATION = "6dae42f8-4368-4678-94ff-3960e28e3630"
"""Every cluster's application in Entra: tokens for their API servers are for it."""


class ApiServer(msgspec.Struct, frozen=True):
    """`certificate_authority` is PEM in base64, as a kubeconfig has it."""

    url: str
    certificate_authority: str


def api_server(handed_out: str) -> ApiServer:
    """Of a user's kubeconfig, in base64. Raises ValueError where there is no cluster in it."""
    read: Any = yaml.safe_load(base64.b64decode(handed_out))
    if not read or not read.get("clusters"):
        raise ValueError("the kubeconfig that Azure handed out names no cluster")
    cluster = read["clusters"][0]["cluster"]
    return ApiServer(cluster["server"], cluster["certificate-authority-data"])


def kubeconfig(name: str, server: ApiServer) -> str:
    """As JSON, which YAML is a superset of."""
    arguments = ["get-token", "--login", "azurecli", "--server-id", AKS_APPLICATION]
    user = {
        "exec": {
            "apiVersion": "client.authentication.k8s.io/v1",
            "command": "kubelogin",
            "args": arguments,
            "interactiveMode": "Never",
            "installHint": "https://azure.github.io/kubelogin/install.html",
        }
    }
    cluster = {"server": server.url, "certificate-authority-data": server.certificate_authority}
    found = {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": name, "cluster": cluster}],
        "users": [{"name": name, "user": user}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
        "current-context": name,
    }
    return msgspec.json.encode(found).decode()
