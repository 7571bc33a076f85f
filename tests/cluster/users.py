"""Who may talk to the API server: a token and a kubeconfig each. Also what the API must be told of their rights.

Tokens are made anew with every cluster and never leave its home.
"""

import json
import secrets
from collections.abc import Iterator

import msgspec

from tests.cluster.layout import NODE, Layout


class User(msgspec.Struct, frozen=True):
    """`role`: the ClusterRole it is bound to; built-in users have theirs already."""

    file: str
    name: str
    group: str = ""
    role: str = ""


USERS = (
    User("admin", "admin", group="system:masters"),
    User("kube-controller-manager", "system:kube-controller-manager"),
    User("kube-scheduler", "system:kube-scheduler"),
    User("kubelet", f"system:node:{NODE}", group="system:nodes"),
    User("kube-proxy", "system:kube-proxy", role="system:node-proxier"),
    User("dns", "mcp-cluster:dns", role="mcp-cluster:reader"),
    User("enforcer", "mcp-cluster:enforcer", role="mcp-cluster:reader"),
)
# The built-in role `view` would do, but it is put together by a controller some time after the start.
_READER = {
    "": ["namespaces", "pods", "services"],
    "discovery.k8s.io": ["endpointslices"],
    "networking.k8s.io": ["networkpolicies"],
}
_RBAC = "rbac.authorization.k8s.io"


def admit(layout: Layout) -> None:
    """Writes the API server's list of tokens, and everybody's kubeconfig with the token in it."""
    tokens = {user.name: secrets.token_hex(16) for user in USERS}
    lines = [f'{tokens[user.name]},{user.name},{user.name},"{user.group}"\n' for user in USERS]
    listed = layout.pki / "tokens.csv"
    listed.touch(mode=0o600)
    listed.write_text("".join(lines))
    for user in USERS:
        file = layout.kubeconfig_of(user.file)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.touch(mode=0o600)
        file.write_text(json.dumps(_kubeconfig(layout, tokens[user.name]), indent=1))


def rights() -> Iterator[tuple[str, dict[str, object]]]:
    """What a fresh API lacks, in order: where to create it, and the object."""
    path = f"/apis/{_RBAC}/v1"
    rules = [
        {"apiGroups": [group], "resources": resources, "verbs": ["get", "list", "watch"]}
        for group, resources in _READER.items()
    ]
    yield f"{path}/clusterroles", _rbac("ClusterRole", "mcp-cluster:reader", rules=rules)
    for user in USERS:
        if user.role:
            role = {"apiGroup": _RBAC, "kind": "ClusterRole", "name": user.role}
            subject = {"apiGroup": _RBAC, "kind": "User", "name": user.name}
            bound = _rbac("ClusterRoleBinding", f"mcp-cluster:{user.file}", roleRef=role, subjects=[subject])
            yield f"{path}/clusterrolebindings", bound


def _rbac(kind: str, name: str, **rest: object) -> dict[str, object]:
    return {"apiVersion": f"{_RBAC}/v1", "kind": kind, "metadata": {"name": name}, **rest}


def _kubeconfig(layout: Layout, token: str) -> dict[str, object]:
    """JSON is YAML."""
    name = "mcp-cluster"
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": name,
        "clusters": [
            {"name": name, "cluster": {"server": layout.server, "certificate-authority": str(layout.pki / "ca.crt")}}
        ],
        "users": [{"name": name, "user": {"token": token}}],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
    }
