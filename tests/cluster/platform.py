"""Platform: the whole gateway on the cluster, made by exactly what `mcp-gateway manifests` prints, and its front door.

CLUSTER_KEEP=1   leave it running after the tests, for whoever wants to look at it
"""

import os
import shutil
import subprocess
import sys
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from pathlib import Path

import msgspec
import yaml

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from tests.cluster.access import Cluster
from tests.cluster.answering import until_answering
from tests.cluster.forward import forwarded
from tests.cluster.images import images
from tests.cluster.kube import Json, Kube
from tests.cluster.node import Node
from tests.cluster.recipes import TEST

BELIEVING = ("--dev-identity",)
HOLD, HEAD, PAGE = 30, 35, 50  # seconds, seconds, tools on a page: what journeys have to know
PROXY, ROUTER, CONTROL_PLANE, POSTGRES = "mcpgateway", "toolgateway", "control-plane", "postgres"
KINDS = {PROXY: "deployment", ROUTER: "stateful_set", CONTROL_PLANE: "deployment", POSTGRES: "stateful_set"}
ROUNDS = "Reconcile__Seconds=10"  # what cannot start is found out by it
SERVICE, PORT = "mcpgateway-service", 8000
_VOLUME = "mcp-gateway-postgres"


class Platform(msgspec.Struct, frozen=True):
    """`url`: the proxies' Service. `cluster` may say more than `kube` where it is our own."""

    url: str
    cluster: Cluster
    kube: Kube

    @property
    def is_own(self) -> bool:
        """Whether the nodes are this machine: their addresses and processes can be reached."""
        return self.cluster.node is not None

    def told(self, *who_comes_in: str) -> None:
        """Deploys it anew with other options of who comes in, and waits until nothing is left of the pods from before."""
        _apply(self.cluster, self.kube, who_comes_in)
        _all_rolled_out(self.kube)
        until_answering(self.url)

    def restart(self, component: str) -> None:
        """Replaces a component's pods as a new version would, and waits for the end of it."""
        self.kube.restart(KINDS[component], component)

    def scale(self, component: str, replicas: int) -> None:
        """Sets a component's replicas, and waits for them."""
        self.kube.scale(KINDS[component], component, replicas)


@contextmanager
def deployed(cluster: Cluster) -> Generator[Platform]:
    """The platform with two proxies, two routers, a control plane and PostgreSQL. Raises AssertionError where one does not start."""
    images(cluster.registry)
    kube = Kube(str(cluster.kubeconfig))
    try:
        _apply(cluster, kube, BELIEVING)
        _all_rolled_out(kube)
        with _front_door(cluster, kube) as url:
            until_answering(url)
            yield Platform(url, cluster, kube)
    finally:
        if "CLUSTER_KEEP" not in os.environ:
            _remove(cluster)
        kube.close()


def _all_rolled_out(kube: Kube) -> None:
    for component, kind in KINDS.items():
        kube.rolled_out(kind, component)


def _apply(cluster: Cluster, kube: Kube, who_comes_in: Sequence[str]) -> None:
    if not kube.is_there(kube.core.read_namespaced_secret, "gateway-secret", PLATFORM_NAMESPACE):
        cluster.kubectl("apply", "-f", "-", stdin=manifests("--new-secrets"))
    options = [*_options(cluster), *who_comes_in]
    if cluster.node is not None:
        options += ["--public-origin", f"http://{_address(cluster, kube, options)}:{PORT}"]
    cluster.kubectl("apply", "-f", "-", stdin=manifests(*options))


def _address(cluster: Cluster, kube: Kube, options: Sequence[str]) -> str:
    """What the front door will be called from here: the Service is made before whatever must know its address."""
    objects: list[Json] = list(yaml.safe_load_all(manifests(*options, "--public-origin", "http://not.known.yet")))
    cluster.apply(*(one for one in objects if one["kind"] == "Namespace" or one["metadata"]["name"] == SERVICE))
    return kube.address(SERVICE)


def manifests(*options: str) -> str:
    """What the command prints. Raises AssertionError with its words."""
    command = [Path(sys.executable).with_name("mcp-gateway"), "manifests", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def _options(cluster: Cluster) -> list[str]:
    """Small, but with records that outlive PostgreSQL's pod. `Always`: a tag of the tests is pushed again and again."""
    asked = ["--registry", cluster.registry, "--tag", TEST, "--small", "--pull-policy", "Always"]
    asked += ["--postgres", f"{cluster.registry}/postgres:{TEST}", "--postgres-storage", "1Gi"]
    asked += ["--set", f"Proxy__HeadSeconds={HEAD}", "--set", f"ToolRouter__PageSize={PAGE}", "--set", ROUNDS]
    if cluster.node is None:
        return asked
    layout = cluster.node.layout
    cluster.apply(_volume(_records(cluster.node)))
    asked += ["--storage-class", "", "--front-door", f"{layout.outside}/32", "--dns", f"{layout.node}/32"]
    return [*asked, "--api-server", f"{layout.node}/32", "--api-server", f"{layout.first_service}/32"]


def _volume(folder: Path) -> Json:
    """Room for PostgreSQL where no storage class makes any."""
    folder.mkdir(exist_ok=True)
    folder.chmod(0o777)
    claim = {"namespace": PLATFORM_NAMESPACE, "name": f"data-{POSTGRES}-0"}
    spec = {
        "capacity": {"storage": "1Gi"},
        "accessModes": ["ReadWriteOnce"],
        "hostPath": {"path": str(folder)},
        "claimRef": claim,
        "storageClassName": "",
        "persistentVolumeReclaimPolicy": "Retain",
    }
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": _VOLUME}, "spec": spec}


@contextmanager
def _front_door(cluster: Cluster, kube: Kube) -> Generator[str]:
    """Our own cluster's Services can be reached from this machine; another's through a tunnel."""
    if cluster.node is not None:
        yield f"http://{kube.address(SERVICE)}:{PORT}"
        return
    with forwarded(cluster, SERVICE, PORT) as url:
        yield url  # of `localhost`, which every proxy serves


def _remove(cluster: Cluster) -> None:
    for namespace in (WORKLOAD_NAMESPACE, PLATFORM_NAMESPACE):
        cluster.tried("delete", "namespace", namespace, "--ignore-not-found", "--timeout=120s")
    cluster.tried("delete", "persistentvolume", _VOLUME, "--ignore-not-found")
    if cluster.node is not None:
        shutil.rmtree(_records(cluster.node), ignore_errors=True)  # the next platform has another password


def _records(node: Node) -> Path:
    return node.layout.home / "postgres"
