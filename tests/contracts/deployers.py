"""Every implementation of Deployer, with nothing deployed, and what a test must know of it to see what it does."""

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest

from functions.cluster import ClusterSettings, KubernetesDeployer
from functions.deployer import Deployer
from gateway.card import Card, decode
from gateway.cluster import names
from gateway.records import Amounts, Kind, Record, Resources
from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.ports import Ports
from local.supervisor import Supervisor
from tests.cluster.access import Cluster
from tests.contracts.records import adapter
from tests.functions.api_server import serving
from tests.local.tiny.images import IMAGES
from tests.local.waiting import until


class DeployerRig(msgspec.Struct):
    """`card`: what the data plane sees under a name. `impossible`: a record that it must refuse, if there can be one.
    `patience`: seconds that its slowest start may take."""

    deployer: Deployer
    card: Callable[[Kind, str], Card | None]
    impossible: Record | None = None
    patience: float = 20.0
    pause: float = 0.01  # between two looks; a cluster of two cores should not be busy with being looked at

    async def until[T](self, look: Callable[[], Awaitable[T]], accept: Callable[[T], bool]) -> T:
        """What `look` gives as soon as it is accepted. Raises AssertionError with the last look."""
        return await until(look, accept, self.patience, self.pause)

    async def healthy(self, record: Record) -> None:
        """Waits until all instances are ready."""
        await until(
            lambda: self.deployer.status(record), lambda status: status.replica_status == "Healthy", self.patience
        )


@asynccontextmanager
async def child_processes(folder: Path) -> AsyncGenerator[DeployerRig]:
    home = Home.prepared(folder / "home")
    view = View()
    supervisor = Supervisor(home, view, Ports())

    def card(kind: Kind, name: str) -> Card | None:
        listing = view.get(kind, name)
        return listing.card if listing else None

    deployer = LocalDeployer(supervisor, view, IMAGES, home)
    yield DeployerRig(deployer, card, impossible=adapter(image_name="unheard-of"))
    await supervisor.close()


@asynccontextmanager
async def fake_api_server(folder: Path) -> AsyncGenerator[DeployerRig]:
    async with serving() as server:

        def card(kind: Kind, name: str) -> Card | None:
            found = server.objects.tables["services"].get(names.object_name(kind, name))
            return decode(found["metadata"]["annotations"][names.CARD]) if found else None

        deployer = KubernetesDeployer(ClusterSettings(registry="registry", kubeconfig=server.kubeconfig(folder)))
        impossible = adapter(resources=Resources(requests=Amounts(cpu="2"), limits=Amounts(cpu="1")))
        yield DeployerRig(deployer, card, impossible)
        await deployer.close()


@asynccontextmanager
async def kubernetes(cluster: Cluster) -> AsyncGenerator[DeployerRig]:
    """In a namespace of its own, as strict as the real one."""
    namespace = f"contract-{uuid.uuid4().hex[:8]}"
    labels = {"pod-security.kubernetes.io/enforce": "restricted"}
    cluster.apply({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": namespace, "labels": labels}})

    def card(kind: Kind, name: str) -> Card | None:
        place = f"--namespace={namespace}"
        found = cluster.tried("get", "service", names.object_name(kind, name), place, "-o", f"jsonpath={_CARD}")
        return decode(found.stdout) if found.returncode == 0 else None

    settings = ClusterSettings(registry=cluster.registry, kubeconfig=str(cluster.kubeconfig), namespace=namespace)
    deployer = KubernetesDeployer(settings)
    try:
        yield DeployerRig(deployer, card, patience=180.0, pause=0.25)
    finally:
        await deployer.close()
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")


_CARD = "{.metadata.annotations.mcp-gateway/card}"

ON_CLUSTER = (kubernetes,)
DEPLOYERS = [child_processes, fake_api_server, pytest.param(kubernetes, marks=pytest.mark.cluster)]
