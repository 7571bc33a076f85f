"""Names of the platform's own objects: what its pods are called and how they are found. Only constants and what is made of them."""

from typing import Any

from gateway.cluster.names import PLATFORM_NAMESPACE

PROXY, ROUTER, CONTROL_PLANE, POSTGRES = "mcpgateway", "toolgateway", "control-plane", "postgres"
COLLECTOR = "otel-collector"
PROXY_SERVICE, ROUTER_SERVICE = "mcpgateway-service", "toolgateway-service"
PROXY_ACCOUNT, ROUTER_ACCOUNT, CONTROL_PLANE_ACCOUNT = "mcpgateway-sa", "toolgateway-sa", "control-plane-sa"
WORKLOAD_ACCOUNT = "workload-sa"

PORT_NUMBER = 8000  # every process of ours
POSTGRES_PORT = 5432
OTLP_PORT = 4318  # OTLP over HTTP
DATABASE = "gateway"  # and its user

# The owner label of gateway.cluster.names is for what the control plane may change and delete; this one is for people.
PART_LABEL, PART = "app.kubernetes.io/part-of", "mcp-gateway"
COMPONENT_LABEL = "app.kubernetes.io/name"
NAMESPACE_LABEL = "kubernetes.io/metadata.name"  # on every namespace, by Kubernetes

DATA_PLANE_PRIORITY, CONTROL_PLANE_PRIORITY = "mcp-gateway-data-plane", "mcp-gateway-control-plane"

type Manifest = dict[str, Any]
"""A Kubernetes object, or a part of one."""


def selector(component: str) -> dict[str, str]:
    """The labels by which the pods of a component are found; they never change."""
    return {COMPONENT_LABEL: component}


def metadata(name: str, namespace: str = PLATFORM_NAMESPACE, **more: Any) -> Manifest:
    """The metadata of an object; "" for objects of the whole cluster. `labels` are added to the one all have."""
    labels = {PART_LABEL: PART, **more.pop("labels", {})}
    place = {"namespace": namespace} if namespace else {}
    return {"name": name, **place, "labels": labels, **more}


def internal(service: str) -> str:
    """The name of a Service of ours inside the cluster. The cluster's own domain is left to the resolver's search list."""
    return f"{service}.{PLATFORM_NAMESPACE}.svc"
