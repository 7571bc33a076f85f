"""Kube: what the cluster's tests ask and do through the API server, with the official client. Waits are bounded."""

import asyncio
import base64
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import msgspec
from kubernetes import client, config
from kubernetes.client.exceptions import ApiException

from gateway.cluster.names import PLATFORM_NAMESPACE, SERVICE_LABEL, WORKLOAD_NAMESPACE

PATIENCE = 120.0  # seconds; a rollout of two with slow ends takes about 40
_PAUSE = 0.05
_RESTARTED = "kubectl.kubernetes.io/restartedAt"

type Json = dict[str, Any]


class Endpoint(msgspec.Struct, frozen=True):
    """One address behind a Service."""

    pod: str
    address: str
    ready: bool


class Kube:
    """Every verb is synchronous; tests that serve meanwhile run them with `asyncio.to_thread`."""

    def __init__(self, kubeconfig: str) -> None:
        self.kubeconfig = kubeconfig
        connect: Callable[[str], client.ApiClient] = vars(config)["new_client_from_config"]  # it is only half typed
        self.client = connect(kubeconfig)
        self.core = client.CoreV1Api(self.client)
        self.apps = client.AppsV1Api(self.client)
        self._discovery = client.DiscoveryV1Api(self.client)

    def close(self) -> None:
        """Ends its connections."""
        self.client.close()

    def endpoints(self, service: str, namespace: str = WORKLOAD_NAMESPACE) -> list[Endpoint]:
        """The addresses behind a Service, ready or not."""
        selector = f"{SERVICE_LABEL}={service}"
        slices: Json = _plain(self._discovery.list_namespaced_endpoint_slice, namespace, label_selector=selector)
        return [
            Endpoint(one["targetRef"]["name"], one["addresses"][0], bool(one["conditions"].get("ready")))
            for one in [one for slice_ in slices["items"] for one in _listed(slice_, "endpoints")]
        ]

    def pods(self, prefix: str, namespace: str = PLATFORM_NAMESPACE) -> list[Json]:
        """Pods whose names begin so, those that are ending left out."""
        listed: Json = _plain(self.core.list_namespaced_pod, namespace)
        return [
            pod
            for pod in listed["items"]
            if pod["metadata"]["name"].startswith(prefix) and not pod["metadata"].get("deletionTimestamp")
        ]

    def names(self, prefix: str, namespace: str = PLATFORM_NAMESPACE) -> list[str]:
        """Their names."""
        return [pod["metadata"]["name"] for pod in self.pods(prefix, namespace)]

    def address(self, service: str, namespace: str = PLATFORM_NAMESPACE) -> str:
        """The Service's own address."""
        return _plain(self.core.read_namespaced_service, service, namespace)["spec"]["clusterIP"]

    def delete_pod(self, name: str, namespace: str, grace: int | None = None) -> None:
        """Deletes a pod; `grace` seconds, its own unless given."""
        self.core.delete_namespaced_pod(name, namespace, grace_period_seconds=grace)

    def scale(self, kind: str, name: str, replicas: int, namespace: str = PLATFORM_NAMESPACE) -> None:
        """Sets the replicas of a Deployment or StatefulSet, and waits until so many are ready."""
        self.patch(kind, name, {"spec": {"replicas": replicas}}, namespace)
        self.rolled_out(kind, name, namespace)

    def restart(self, kind: str, name: str, namespace: str = PLATFORM_NAMESPACE) -> None:
        """Replaces all pods, as `kubectl rollout restart` does, and waits until that is done."""
        now = datetime.now(UTC).isoformat()
        template = {"metadata": {"annotations": {_RESTARTED: now}}}
        self.patch(kind, name, {"spec": {"template": template}}, namespace)
        self.rolled_out(kind, name, namespace)

    def patch(self, kind: str, name: str, body: Json, namespace: str = PLATFORM_NAMESPACE) -> None:
        """A strategic merge patch of a `deployment` or `stateful_set`."""
        getattr(self.apps, f"patch_namespaced_{kind}")(name, namespace, body)

    def rolled_out(self, kind: str, name: str, namespace: str = PLATFORM_NAMESPACE) -> None:
        """Waits until every replica is of the last revision and ready, and no other is left."""
        read = getattr(self.apps, f"read_namespaced_{kind}")
        self.until(lambda: _plain(read, name, namespace), _is_done, f"{kind} {name}")

    def until[T](self, look: Callable[[], T], accept: Callable[[T], bool], what: str, seconds: float = PATIENCE) -> T:
        """What `look` gives as soon as it is accepted. Raises AssertionError with the last look after `seconds`."""
        deadline = time.monotonic() + seconds
        while not accept(seen := look()):
            assert time.monotonic() < deadline, f"{what}: after {seconds} s still {str(seen)[:2000]}"
            time.sleep(_PAUSE)
        return seen

    def make_namespace(self, name: str) -> None:
        """A namespace that demands nothing."""
        body: Any = {"metadata": {"name": name}}
        self.core.create_namespace(body)

    def secret(self, name: str, namespace: str = PLATFORM_NAMESPACE) -> dict[str, str]:
        """The values of a Secret."""
        data: dict[str, str] = _plain(self.core.read_namespaced_secret, name, namespace)["data"]
        return {key: base64.b64decode(value).decode() for key, value in data.items()}

    def replace_secret(self, name: str, values: dict[str, str], namespace: str = PLATFORM_NAMESPACE) -> None:
        """The whole of it: keys that are not named are dropped."""
        body: Any = {"metadata": {"name": name, "namespace": namespace}, "type": "Opaque", "stringData": values}
        self.core.replace_namespaced_secret(name, namespace, body)

    def is_there(self, read: Callable[..., object], name: str, *place: str) -> bool:
        """Whether an object exists."""
        try:
            read(name, *place)
        except ApiException as error:
            if vars(error)["status"] != 404:
                raise
            return False
        return True


async def on_a_thread[T](act: Callable[..., T], *args: object) -> T:
    """Runs a verb of Kube while the load goes on."""
    return await asyncio.to_thread(act, *args)


def _listed(owner: Json, name: str) -> list[Json]:
    found: list[Json] | None = owner.get(name)
    return found or []


def _is_done(workload: Json) -> bool:
    spec, status = workload["spec"], workload["status"]
    wanted = spec["replicas"]
    counts = [status.get(name) or 0 for name in ("replicas", "readyReplicas", "updatedReplicas")]
    revision = status.get("updateRevision")
    return (
        status.get("observedGeneration", 0) >= workload["metadata"]["generation"]
        and counts == [wanted, wanted, wanted]
        and not status.get("terminatingReplicas")
        and (revision is None or status.get("currentRevision") == revision)
    )


def _plain(read: Callable[..., Any], *args: object, **options: object) -> Json:
    """The answer as JSON: the client's models only know what was there when they were made."""
    response = read(*args, **options, _preload_content=False)
    answer: Json = msgspec.json.decode(response.data)
    return answer
