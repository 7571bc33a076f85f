"""Pods as tests of the cluster itself make them, in a namespace that demands the restricted ones. Pure dictionaries."""

from collections.abc import Sequence
from typing import Any

from tests.cluster.access import Cluster

type Json = dict[str, Any]

PYTHON = "python:3.13"  # the test images' base: an interpreter, and nothing that has to be built
PORT = 8000
SERVE = ("python3", "-u", "-m", "http.server", str(PORT))
_USER = 1100


def namespace(name: str) -> Json:
    """A namespace that refuses pods which are not restricted."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name, "labels": labels}}


def template(image: str, command: Sequence[str], labels: dict[str, str]) -> Json:
    """A restricted pod with one container, `main`, that asks for little."""
    confined = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "readOnlyRootFilesystem": True}
    container: Json = {
        "name": "main",
        "image": image,
        "command": list(command),
        "workingDir": "/usr",
        "resources": {"requests": {"cpu": "10m", "memory": "32Mi"}, "limits": {"memory": "64Mi"}},
        "securityContext": confined,
    }
    if tuple(command) == SERVE:
        container["readinessProbe"] = {"tcpSocket": {"port": PORT}, "periodSeconds": 1}
    return {
        "metadata": {"labels": labels},
        "spec": {
            "terminationGracePeriodSeconds": 1,
            "automountServiceAccountToken": False,
            "securityContext": {
                "runAsNonRoot": True,
                "runAsUser": _USER,
                "seccompProfile": {"type": "RuntimeDefault"},
            },
            "containers": [container],
        },
    }


def pod(cluster: Cluster, space: str, name: str, command: Sequence[str] = SERVE, image: str = PYTHON) -> Json:
    """A pod, labelled `app: NAME`."""
    made = template(f"{cluster.registry}/{image}", command, {"app": name})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": space, **made["metadata"]},
        "spec": made["spec"],
    }


def stateful_set(cluster: Cluster, space: str, name: str, replicas: int) -> Json:
    """Servers with a headless Service's name."""
    made = template(f"{cluster.registry}/{PYTHON}", SERVE, {"app": name})
    spec = {
        "serviceName": name,
        "replicas": replicas,
        "podManagementPolicy": "Parallel",
        "selector": {"matchLabels": {"app": name}},
        "template": made,
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "StatefulSet",
        "metadata": {"name": name, "namespace": space},
        "spec": spec,
    }


def service(space: str, name: str, *, headless: bool = False) -> Json:
    """A Service of the pods `app: NAME`."""
    spec: Json = {"selector": {"app": name}, "ports": [{"name": "http", "port": PORT}]}
    if headless:
        spec["clusterIP"] = "None"
    return {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name, "namespace": space}, "spec": spec}
