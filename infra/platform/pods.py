"""Pods: what every pod of the platform has in common. Knows no component by name."""

from collections.abc import Sequence
from typing import Any

from infra.platform.names import PORT_NUMBER, Manifest, selector
from infra.platform.options import PlatformOptions
from infra.platform.settings import NAME as SETTINGS
from infra.platform.settings import stamp

USER = 1100
TMP = "/tmp"  # noqa: S108 - a mount of its own in every pod
IN_FLIGHT = 20  # seconds that requests under way get once new ones are refused
_SPARE = 10  # seconds, until the kubelet stops asking
_USE_IDENTITY = "azure.workload.identity/use"

RESTRICTED: Manifest = {
    "runAsNonRoot": True,
    "runAsUser": USER,
    "runAsGroup": USER,
    "fsGroup": USER,
    "fsGroupChangePolicy": "OnRootMismatch",
    "seccompProfile": {"type": "RuntimeDefault"},
}
CONFINED: Manifest = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "readOnlyRootFilesystem": True,
}


def process(
    options: PlatformOptions, name: str, account: str, priority: str, revision: str, env: Sequence[Manifest]
) -> Manifest:
    """The pod template of one of our own processes: an image of that name, serving on 8000, with a token and the settings.

    `revision` is the label by which its controller tells old pods from new ones.
    """
    container = {
        "name": name,
        "image": options.images.get(name) or f"{options.registry}/{name}:{options.tag}",
        "imagePullPolicy": options.pull_policy,
        "ports": [{"name": "http", "containerPort": PORT_NUMBER, "protocol": "TCP"}],
        "envFrom": [{"configMapRef": {"name": SETTINGS}}],
        "env": [{"name": "HOME", "value": TMP}, *env],
        **_probes(),
        "resources": resources(options),
        "securityContext": CONFINED,
        "volumeMounts": [{"name": "tmp", "mountPath": TMP}],
    }
    identity = {_USE_IDENTITY: "true"} if account in options.identities else {}
    return {
        "metadata": {"labels": {**selector(name), **identity}, "annotations": stamp(options)},
        "spec": {
            "serviceAccountName": account,
            "automountServiceAccountToken": True,
            "priorityClassName": priority,
            "terminationGracePeriodSeconds": options.drain + IN_FLIGHT + _SPARE,
            **pod(container, [{"name": "tmp", "emptyDir": {"sizeLimit": "64Mi"}}]),
            "topologySpreadConstraints": [
                _spread(key, name, revision) for key in ("kubernetes.io/hostname", "topology.kubernetes.io/zone")
            ],
        },
    }


def pod(container: Manifest, volumes: Sequence[Manifest]) -> Manifest:
    """The part of a pod's spec that is the same for PostgreSQL."""
    return {
        "enableServiceLinks": False,
        "securityContext": RESTRICTED,
        "containers": [container],
        "volumes": list(volumes),
    }


def resources(options: PlatformOptions) -> Manifest:
    return {"requests": dict(options.requests), "limits": dict(options.limits)}


def service(name: str, component: str, metadata: Manifest, port: int, *, headless: bool = False) -> Manifest:
    ports = [{"name": name, "port": port, "targetPort": name, "protocol": "TCP"}]
    spec: dict[str, Any] = {"selector": selector(component), "ports": ports}
    if headless:
        spec = {"clusterIP": "None", **spec}
    return {"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec}


def _probes() -> Manifest:
    """Ready is asked often: it decides who gets requests. Alive is asked patiently: its answer no is a restart."""
    ping, ready = ({"httpGet": {"path": path, "port": "http"}} for path in ("/ping", "/ready"))
    return {
        "startupProbe": {**ping, "periodSeconds": 1, "timeoutSeconds": 2, "failureThreshold": 120},
        "livenessProbe": {**ping, "periodSeconds": 2, "timeoutSeconds": 5, "failureThreshold": 15},
        "readinessProbe": {**ready, "periodSeconds": 2, "timeoutSeconds": 2, "failureThreshold": 3},
    }


def _spread(key: str, component: str, revision: str) -> Manifest:
    """As evenly as it goes; where it does not, a pod in the wrong place is better than none."""
    return {
        "maxSkew": 1,
        "topologyKey": key,
        "whenUnsatisfiable": "ScheduleAnyway",
        "labelSelector": {"matchLabels": selector(component)},
        "matchLabelKeys": [revision],
    }
