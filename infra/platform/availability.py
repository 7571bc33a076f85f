"""Availability: who may be evicted by whom, how many at a time, and how many there are."""

from infra.platform.names import (
    CONTROL_PLANE,
    CONTROL_PLANE_PRIORITY,
    DATA_PLANE_PRIORITY,
    PROXY,
    ROUTER,
    Manifest,
    metadata,
    selector,
)
from infra.platform.options import MOST_SCALED, PlatformOptions

_CPU_PERCENT = 70


def priority_classes() -> list[Manifest]:
    """Workloads have none, which is 0: on a full node they make room for the platform."""
    return [
        _priority(DATA_PLANE_PRIORITY, 1_000_000, "Proxy and router: every call passes them."),
        _priority(CONTROL_PLANE_PRIORITY, 900_000, "Control plane and record store: calls go on without them."),
    ]


def disruption_budgets(options: PlatformOptions) -> list[Manifest]:
    """One at a time; a pod that is not ready anyway is in nobody's way."""
    return [_budget(name) for name in (PROXY, ROUTER, *([CONTROL_PLANE] if options.own_control_plane else []))]


def autoscalers(options: PlatformOptions) -> list[Manifest]:
    """By CPU; they need a metrics server. Proxies go away slowly: each takes open streams with it."""
    if not options.hpa:
        return []
    return [
        _autoscaler("Deployment", PROXY, options.proxies),
        _autoscaler("StatefulSet", ROUTER, options.routers),
    ]


def _priority(name: str, value: int, description: str) -> Manifest:
    return {
        "apiVersion": "scheduling.k8s.io/v1",
        "kind": "PriorityClass",
        "metadata": metadata(name, ""),
        "value": value,
        "description": description,
    }


def _budget(component: str) -> Manifest:
    return {
        "apiVersion": "policy/v1",
        "kind": "PodDisruptionBudget",
        "metadata": metadata(component),
        "spec": {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": selector(component)},
        },
    }


def _autoscaler(kind: str, component: str, least: int) -> Manifest:
    usage = {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": _CPU_PERCENT}}
    slowly = {"stabilizationWindowSeconds": 300, "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}]}
    return {
        "apiVersion": "autoscaling/v2",
        "kind": "HorizontalPodAutoscaler",
        "metadata": metadata(component),
        "spec": {
            "scaleTargetRef": {"apiVersion": "apps/v1", "kind": kind, "name": component},
            "minReplicas": least,
            "maxReplicas": max(MOST_SCALED, least),
            "metrics": [{"type": "Resource", "resource": usage}],
            "behavior": {"scaleDown": slowly},
        },
    }
