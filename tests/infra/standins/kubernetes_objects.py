"""Kubernetes objects: the stand-in for kubernetes, which applies on the cluster it is given or, for one of Azure's, in the folder.

Which it is the kubeconfig says: a server below azmk8s.io exists in the stand-in for Azure only.
"""

import json
import os
from pathlib import Path
from typing import Any, Protocol

import yaml

from tests.infra.schema import check
from tests.infra.standins.cluster_objects import ClusterObjects
from tests.infra.standins.drift import as_set
from tests.infra.standins.folder_objects import FolderObjects
from tests.infra.standins.made import Made
from tests.infra.standins.package import Found, Refused
from tests.infra.standins.state import State
from tests.infra.standins.wire import UNKNOWN, Json, has_unknown, inner

AZURE = ".azmk8s.io"
_IDENTITY = ("apiVersion", "kind")


class Objects(Protocol):
    """Where objects are. An id is `namespace/name`, or `name` of what is in no namespace."""

    def apply(self, manifest: Json, urn: str) -> Json:
        """Server-side apply, and the wait that goes with the kind. Returns it as it is then. Raises Refused."""
        ...

    def get(self, type: str, id: str) -> Json | None:
        """As it is now. `type` is the engine's: `kubernetes:apps/v1:Deployment`."""
        ...

    def delete(self, type: str, id: str) -> None:
        """Waits until it is gone. Raises Refused."""
        ...


class KubernetesObjects:
    """Every type of Kubernetes' own; no charts, no components."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._objects: Objects | None = None

    def configure(self, settings: Json) -> None:
        """`kubeconfig`: text or a path; without it, the environment's. Raises Refused where there is none."""
        said = settings.get("kubeconfig") or os.environ.get("KUBECONFIG")
        if said is UNKNOWN:
            return  # a preview before the cluster
        if not isinstance(said, str):
            raise Refused("no kubeconfig: neither the provider's nor KUBECONFIG")
        kubeconfig: Json = yaml.safe_load(said if "clusters" in said else Path(said).read_text())
        server: str = kubeconfig["clusters"][0]["cluster"]["server"]
        if AZURE in server:
            self._objects = FolderObjects(self._state, server)
        else:
            self._objects = ClusterObjects(kubeconfig)

    def problems(self, type: str, inputs: Json) -> list[str]:
        """What Kubernetes' own document says of it, as far as it is known."""
        metadata = inputs.get("metadata")
        if isinstance(metadata, dict) and "name" not in metadata:
            return ["metadata.name: must be set"]
        if has_unknown(inputs):
            return []
        try:
            check(json.loads(json.dumps(inputs)))
        except (ValueError, AssertionError) as error:  # pydantic's is a ValueError
            return [f"{inputs.get('kind')}: {error}"]
        return []

    def replacing(self, type: str, before: Json, after: Json) -> list[str]:
        """Another name or namespace is another object."""
        old, new = (_place(one) for one in (before, after))
        return ["metadata"] if UNKNOWN not in new and old != new else []

    def make(self, type: str, urn: str, inputs: Json) -> Made:
        """Raises Refused."""
        return self._applied(urn, inputs)

    def change(self, type: str, urn: str, id: str, inputs: Json) -> Made:
        """Raises Refused."""
        return self._applied(urn, inputs)

    def read(self, type: str, id: str, known: Found) -> Found | None:
        """The live object, without what we do not set ourselves (status, defaults)."""
        live = self._where().get(type, id)
        if live is None:
            return None
        inputs = as_set(known.inputs, live) if known.inputs else _bare(live)
        return Found(inputs, _told(live, inputs))

    def remove(self, type: str, id: str) -> None:
        """Raises Refused."""
        self._where().delete(type, id)

    def invoke(self, token: str, arguments: Json) -> Json:
        """Raises Refused."""
        raise Refused(f"no stand-in answers {token}")

    def _applied(self, urn: str, inputs: Json) -> Made:
        live = self._where().apply(inputs, urn)
        namespace, name = _place(inputs)
        return Made(f"{namespace}/{name}" if namespace else str(name), _told(live, inputs))

    def _where(self) -> Objects:
        if self._objects is None:
            raise Refused("the provider has no cluster yet")
        return self._objects


def _place(inputs: Json) -> tuple[Any, Any]:
    metadata = inner(inputs, "metadata")
    return metadata.get("namespace"), metadata.get("name")


def _told(live: Json, asked: Json) -> Json:
    """Outputs: what was asked for, and of the rest who it is and how it is."""
    identity = {key: live["metadata"][key] for key in ("uid",) if key in live["metadata"]}
    outputs = asked | {"metadata": inner(asked, "metadata") | identity}
    balancer = inner(inner(live, "status"), "loadBalancer")
    return outputs | ({"status": {"loadBalancer": balancer}} if balancer else {})


def _bare(live: Json) -> Json:
    return {name: value for name, value in live.items() if name != "status"}
