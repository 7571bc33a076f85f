"""The words by which the control plane and the data plane find each other's objects on a cluster. Only constants."""

from gateway.records import Kind

PLATFORM_NAMESPACE = "mcp-gateway"
WORKLOAD_NAMESPACE = "adapter"

# Labels: what is ours, and what the data plane selects by. A Service's labels are copied to its EndpointSlices.
OWNER_LABEL, OWNER = "app.kubernetes.io/managed-by", "mcp-gateway"
TYPE_LABEL = "adapter/type"
NAME_LABEL = "adapter/name"
SERVICE_LABEL = "kubernetes.io/service-name"  # on EndpointSlices, by Kubernetes

TYPES: dict[Kind, str] = {"adapter": "mcp", "tool": "tool"}
PLATFORM_TYPE = "platform"

# Annotations on the metadata of Services and StatefulSets, never in the pod template: a change of roles restarts no pod.
UID = "mcp-gateway/uid"
GENERATION = "mcp-gateway/generation"
CARD = "mcp-gateway/card"

PORT = "http"  # the name of the one port of every Service


def object_name(kind: Kind, name: str) -> str:
    """The name of the Service, the StatefulSet and, before `-<ordinal>`, the pods of a record."""
    return f"{TYPES[kind]}-{name}"
