"""Cluster objects: objects on a real cluster, by server-side apply. Waits as the provider does, and no longer than that."""

import json
import threading
import time
from collections.abc import Callable
from typing import Any

from kubernetes import config, dynamic
from kubernetes.client import ApiClient
from kubernetes.client.exceptions import ApiException
from kubernetes.dynamic.exceptions import NotFoundError

from tests.infra.standins.package import Refused
from tests.infra.standins.wire import Json, inner

_MANAGER = "pulumi"
_PATIENCE = 180.0  # seconds until pods run, or until a namespace is gone
_PAUSE = 0.1
_SKIP = "pulumi.com/skipAwait"


class ClusterObjects:
    """`kubeconfig`: as an object."""

    def __init__(self, kubeconfig: Json) -> None:
        connect: Callable[..., ApiClient] = vars(config)["new_client_from_config_dict"]  # it is only half typed
        self._client: Any = dynamic.DynamicClient(connect(kubeconfig))
        self._finding = threading.Lock()  # discovery fills a cache that knows no threads

    def apply(self, manifest: Json, urn: str) -> Json:
        """Raises Refused with the API server's words, or for pods that do not run in time."""
        kind = self._kind(manifest["apiVersion"], manifest["kind"])
        metadata: Json = manifest["metadata"]
        try:
            self._client.server_side_apply(
                kind,
                manifest,
                metadata["name"],
                metadata.get("namespace"),
                field_manager=_MANAGER,
                force_conflicts=True,
            )
        except ApiException as error:
            raise Refused(_words(error)) from error
        return self._awaited(kind, manifest)

    def get(self, type: str, id: str) -> Json | None:
        """As it is now."""
        namespace, _, name = id.rpartition("/")
        return self._get(self._kind(*_version(type)), name, namespace or None)

    def delete(self, type: str, id: str) -> None:
        """Raises Refused where it is still there in the end."""
        namespace, _, name = id.rpartition("/")
        kind = self._kind(*_version(type))
        try:
            self._client.delete(kind, name, namespace or None, body={"propagationPolicy": "Foreground"})
        except NotFoundError:
            return
        except ApiException as error:
            raise Refused(_words(error)) from error
        _until(lambda: self._get(kind, name, namespace or None), lambda one: one is None, f"{id} to be gone")

    def _kind(self, version: str, kind: str) -> Any:
        with self._finding:
            return self._client.resources.get(api_version=version, kind=kind)

    def _get(self, kind: Any, name: str, namespace: str | None) -> Json | None:
        try:
            return self._client.get(kind, name, namespace).to_dict()
        except NotFoundError:
            return None

    def _awaited(self, kind: Any, manifest: Json) -> Json:
        metadata: Json = manifest["metadata"]
        ready = _READY.get(manifest["kind"], _is_there)
        if inner(metadata, "annotations").get(_SKIP) == "true":
            ready = _is_there
        what = f"{manifest['kind']} {metadata['name']} to be ready"
        return _until(lambda: self._get(kind, metadata["name"], metadata.get("namespace")), ready, what)


def _until(look: Callable[[], Json | None], accept: Callable[[Json | None], bool], what: str) -> Any:
    deadline = time.monotonic() + _PATIENCE
    while not accept(seen := look()):
        if time.monotonic() > deadline:
            raise Refused(f"waited {_PATIENCE} s for {what}: {json.dumps((seen or {}).get('status'))}")
        time.sleep(_PAUSE)
    return seen


def _is_there(seen: Json | None) -> bool:
    return seen is not None


def _has_rolled_out(seen: Json | None) -> bool:
    """Every replica that is wanted is of this revision and ready."""
    if seen is None or inner(seen, "status").get("observedGeneration", 0) < seen["metadata"]["generation"]:
        return False
    wanted, status = seen["spec"].get("replicas", 1), seen["status"]
    return all((status.get(name) or 0) >= wanted for name in ("readyReplicas", "updatedReplicas"))


def _is_active(seen: Json | None) -> bool:
    return seen is not None and inner(seen, "status").get("phase") == "Active"


_READY: dict[str, Callable[[Json | None], bool]] = {
    "Deployment": _has_rolled_out,
    "StatefulSet": _has_rolled_out,
    "Namespace": _is_active,
}


def _version(type: str) -> tuple[str, str]:
    """`v1`, `Namespace` of `kubernetes:core/v1:Namespace`."""
    _, group, kind = type.split(":")
    return group.removeprefix("core/"), kind


def _words(error: Any) -> str:
    try:
        return json.loads(error.body)["message"]
    except (TypeError, ValueError, KeyError):
        return str(error)
