"""Rights: service accounts, and what each may ask of the API server. Nothing here is for the whole cluster."""

from collections.abc import Sequence

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from infra.platform.names import (
    CONTROL_PLANE_ACCOUNT,
    PROXY_ACCOUNT,
    ROUTER_ACCOUNT,
    WORKLOAD_ACCOUNT,
    Manifest,
    metadata,
)
from infra.platform.options import PlatformOptions

CLIENT_ID = "azure.workload.identity/client-id"

_RBAC = "rbac.authorization.k8s.io"
_READ = ("get", "list", "watch")
_WRITE = ("create", "delete", "get", "list", "update")
# The catalog: cards are on Services, addresses in EndpointSlices.
_CATALOG = (("", "services", _READ), ("discovery.k8s.io", "endpointslices", _READ))
# The deployer. No Secrets and ConfigMaps: workloads name them, the kubelet reads them.
_DEPLOYER = (
    ("", "services", _WRITE),
    ("apps", "statefulsets", _WRITE),
    ("", "pods", ("get", "list")),
    ("", "pods/log", ("get",)),
    ("", "events", ("list",)),
)


def rights(options: PlatformOptions) -> list[Manifest]:
    """Accounts first: a binding to one that is missing works only later."""
    readers = (PROXY_ACCOUNT, ROUTER_ACCOUNT)
    writers = (CONTROL_PLANE_ACCOUNT,) if options.own_control_plane else ()
    reading, writing = [_subject(name) for name in readers], [_subject(name) for name in writers]
    if options.control_plane_user:
        writing.append({"apiGroup": _RBAC, "kind": "User", "name": options.control_plane_user})
    return [
        *(_account(name, PLATFORM_NAMESPACE, options) for name in (*readers, *writers)),
        _account(WORKLOAD_ACCOUNT, WORKLOAD_NAMESPACE, options),
        *_granted("catalog-reader", PLATFORM_NAMESPACE, _CATALOG, reading),
        *_granted("catalog-reader", WORKLOAD_NAMESPACE, _CATALOG, reading),
        *_granted("workload-writer", WORKLOAD_NAMESPACE, _DEPLOYER, writing),
    ]


def _account(name: str, namespace: str, options: PlatformOptions) -> Manifest:
    client_id = options.identities.get(name)
    more = {"annotations": {CLIENT_ID: client_id}} if client_id else {}
    return {
        "apiVersion": "v1",
        "kind": "ServiceAccount",
        "metadata": metadata(name, namespace, **more),
        "automountServiceAccountToken": False,  # the pods that need a token ask for it
    }


def _subject(account: str) -> Manifest:
    return {"kind": "ServiceAccount", "name": account, "namespace": PLATFORM_NAMESPACE}


def _granted(
    name: str, namespace: str, rules: Sequence[tuple[str, str, Sequence[str]]], subjects: list[Manifest]
) -> list[Manifest]:
    role = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "Role",
        "metadata": metadata(name, namespace),
        "rules": [
            {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)} for group, resource, verbs in rules
        ],
    }
    binding = {
        "apiVersion": f"{_RBAC}/v1",
        "kind": "RoleBinding",
        "metadata": metadata(name, namespace),
        "roleRef": {"apiGroup": _RBAC, "kind": "Role", "name": name},
        "subjects": subjects,
    }
    return [role, binding]
