"""Ground: a namespace of a test's own, and a control plane in this process that deploys there: its records are in memory.

The platform's own control plane knows nothing of it, and would remove what has no record of its own.
"""

import secrets
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec

from functions.cluster import ClusterSettings, KubernetesDeployer
from functions.lifecycle import Lifecycle
from functions.reconcile import Actions, Reconcile
from gateway import card
from gateway.card import Card
from gateway.cluster.names import CARD, OWNER, OWNER_LABEL
from gateway.records import Record
from tests.cluster.kube import Json, Kube
from tests.functions.memory import MemoryStore

_OURS = f"{OWNER_LABEL}={OWNER}"


class Ground:
    """`store` and `lifecycle` as the control plane has them; `services` and `workloads` as the cluster has them."""

    def __init__(self, kube: Kube, settings: ClusterSettings) -> None:
        self.deployer = KubernetesDeployer(settings)
        self.store = MemoryStore()
        self.lifecycle = Lifecycle(self.store, self.deployer)
        self._kube = kube
        self._settings = settings

    async def reconciled(self) -> Actions:
        """One round that leaves nothing alone for being young."""
        return await Reconcile(self.store, self.deployer, young_seconds=0).once()

    async def reconciled_through(self, kubeconfig: Path) -> Actions:
        """The same by another process, which reaches the cluster another way."""
        deployer = KubernetesDeployer(msgspec.structs.replace(self._settings, kubeconfig=str(kubeconfig)))
        try:
            return await Reconcile(self.store, deployer, young_seconds=0).once()
        finally:
            await deployer.close()

    def cards(self) -> dict[str, Card]:
        """What the data plane is told, by the names of the Services."""
        services = self._listed(self._kube.core.list_namespaced_service)
        return {name: card.decode(one["metadata"]["annotations"][CARD]) for name, one in services.items()}

    def workloads(self) -> dict[str, Json]:
        """The StatefulSets by their names."""
        return self._listed(self._kube.apps.list_namespaced_stateful_set)

    def remove_all(self) -> None:
        """Ends the namespace."""
        self._kube.core.delete_namespace(self._settings.namespace)

    def _listed(self, read: Callable[..., Any]) -> dict[str, Json]:
        response = read(self._settings.namespace, label_selector=_OURS, _preload_content=False)
        found: list[Json] = msgspec.json.decode(response.data)["items"]
        return {one["metadata"]["name"]: one for one in found}


@asynccontextmanager
async def ground(kube: Kube, kubeconfig: Path, seconds: float = 10) -> AsyncGenerator[Ground]:
    """A namespace that is removed at the end. `seconds`: how long the deployer waits for the API server."""
    namespace = f"mcp-test-{secrets.token_hex(4)}"
    kube.make_namespace(namespace)
    settings = ClusterSettings(
        registry="nowhere.invalid", kubeconfig=str(kubeconfig), namespace=namespace, seconds=seconds
    )
    made = Ground(kube, settings)
    try:
        yield made
    finally:
        await made.deployer.close()
        made.remove_all()


def stopped(record: Record) -> Record:
    """The record with no instance: what is tested is what is written, not what runs."""
    return msgspec.structs.replace(record, replica_count=0)
