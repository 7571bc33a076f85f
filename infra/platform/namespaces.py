"""Namespaces: the platform's and the workloads', both under the restricted Pod Security standard."""

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from infra.platform.names import Manifest, metadata

# `warn` tells whoever applies a workload by hand at once; otherwise only its events do.
_RESTRICTED = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "warn")}


def namespaces() -> list[Manifest]:
    return [namespace(PLATFORM_NAMESPACE), namespace(WORKLOAD_NAMESPACE)]


def namespace(name: str) -> Manifest:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata(name, "", labels=_RESTRICTED)}
