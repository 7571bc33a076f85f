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
    return [
        *(_account(name, PLATFORM_NAMESPACE, options) for name in (*readers, CONTROL_PLANE_ACCOUNT)),
        _account(WORKLOAD_ACCOUNT, WORKLOAD_NAMESPACE, options),
        *_granted("catalog-reader", PLATFORM_NAMESPACE, _CATALOG, readers),
        *_granted("catalog-reader", WORKLOAD_NAMESPACE, _CATALOG, readers),
        *_granted("workload-writer", WORKLOAD_NAMESPACE, _DEPLOYER, (CONTROL_PLANE_ACCOUNT,)),
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


def _granted(
    name: str, namespace: str, rules: Sequence[tuple[str, str, Sequence[str]]], accounts: Sequence[str]
) -> list[Manifest]:
    role = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "Role",
        "metadata": metadata(name, namespace),
        "rules": [
            {"apiGroups": [group], "resources": [resource], "verbs": list(verbs)} for group, resource, verbs in rules
        ],
    }
    binding = {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "RoleBinding",
        "metadata": metadata(name, namespace),
        "roleRef": {"apiGroup": "rbac.authorization.k8s.io", "kind": "Role", "name": name},
        "subjects": [
            {"kind": "ServiceAccount", "name": account, "namespace": PLATFORM_NAMESPACE} for account in accounts
        ],
    }
    return [role, binding]
