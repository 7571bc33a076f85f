"""The stack `local` by the real engine on a real cluster: from nothing to an MCP client that calls a tool, and back to nothing.

The provider is a stand-in, and really applies: server-side, waiting for what it waits for.
"""

import json
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from infra.program import main
from tests.cluster.access import Cluster, accessed
from tests.cluster.forward import forwarded
from tests.cluster.images import images
from tests.cluster.kube import Kube
from tests.cluster.platform import PORT, SERVICE
from tests.cluster.recipes import SAMPLE, TEST
from tests.infra.engine_room import EngineRoom, changes
from tests.journeys.caller import Caller, adapter, fresh
from tests.journeys.client import Client
from tests.journeys.waiting import GIVEN_UP, until

pytestmark = pytest.mark.infra

_IMAGES = ("mcpgateway", "toolgateway", "control-plane", "postgres", "mcp-example")
_OURS = ("clusterroles", "clusterrolebindings", "priorityclasses")
_PART = "app.kubernetes.io/part-of=mcp-gateway"
_NAMESPACES = {PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE}
# Every proxy serves `localhost`; that is what whoever comes through a tunnel calls it.
_ANYBODY = {"X-Dev-UserId": "owner", "Host": f"localhost:{PORT}"}


@pytest.fixture(scope="module")
def cluster() -> Generator[Cluster]:
    """The cluster of the run, with the images that this stack needs."""
    with accessed() as reached:
        images(reached.registry, _IMAGES)
        yield reached


async def test_the_local_stack_ends_in_a_client_that_calls_a_tool_and_leaves_nothing(
    cluster: Cluster, tmp_path: Path
) -> None:
    """One test, for each verb stands on the one before."""
    before = _everything(cluster)
    room = EngineRoom(tmp_path, {"KUBECONFIG": str(cluster.kubeconfig)})
    stack = room.stack(main, _config(cluster), "local")
    foreseen = changes(stack.preview())
    assert _everything(cluster) == before, "a preview makes nothing"
    assert changes(stack.up()) == foreseen
    assert set(changes(stack.up())) == {"same"}
    await _is_used(cluster)

    changed = room.stack(main, _config(cluster, settings={"Proxy__HoldSeconds": "5"}), "local")
    assert changes(changed.up())["update"] > 1, "the settings, and the pods that are to see them"
    assert set(changes(changed.refresh())) == {"same"}
    cluster.kubectl("scale", "--replicas=2", f"--namespace={PLATFORM_NAMESPACE}", "statefulset/toolgateway")
    assert changes(changed.refresh())["update"] == 1, "somebody scaled it"
    assert changes(changed.up())["update"] == 1
    await _is_used(cluster)

    assert set(changes(changed.destroy())) == {"delete"}
    assert _everything(cluster) == before, "nothing is left, of what the control plane made neither"


def _config(cluster: Cluster, settings: dict[str, str] | None = None) -> dict[str, str]:
    """One of each, small; the networks are those of a node of our own, where it is one."""
    platform: dict[str, Any] = {
        "registry": cluster.registry,
        "tag": TEST,
        "pullPolicy": "Always",
        "postgres": f"{cluster.registry}/postgres:{TEST}",
        "postgresStorage": "none",
        "devIdentity": True,
        "proxies": 1,
        "routers": 1,
        "controlPlanes": 1,
        "requests": {"cpu": "25m", "memory": "64Mi"},
        "settings": settings or {},
    }
    if cluster.node is not None:
        layout = cluster.node.layout
        node, service = f"{layout.node}/32", f"{layout.first_service}/32"
        platform |= {"frontDoor": [f"{layout.outside}/32"], "dns": [node], "apiServer": [node, service]}
    return {"target": "kubernetes", "platform": json.dumps(platform)}


async def _is_used(cluster: Cluster) -> None:
    """Somebody registers the sample twice, calls a tool of one, and takes that one away. The other stays for the end to find."""
    with _front_door(cluster) as url:
        async with Caller(url, proven=_ANYBODY) as owner:
            # A ready pod is a moment ahead of the rules that lead to its Service.
            await until(lambda: owner.get("/adapters?limit=1"), lambda reply: reply.status == 200, GIVEN_UP)
            left = await owner.post("/adapters", adapter("mcp-example", name=fresh("left"), imageVersion=SAMPLE))
            assert left.status == 201, left.body
            name = await owner.serving("mcp-example", imageVersion=SAMPLE)
            client = await Client(owner, name).begin()
            assert await client.call("add", a=2, b=3) == {"result": 5}


@contextmanager
def _front_door(cluster: Cluster) -> Generator[str]:
    """The Service's own address reaches from here where the node is this machine; else there is a tunnel."""
    if cluster.node is None:
        with forwarded(cluster, SERVICE, PORT) as url:
            yield url
        return
    kube = Kube(str(cluster.kubeconfig))
    try:
        yield f"http://{kube.address(SERVICE)}:{PORT}"
    finally:
        kube.close()


def _everything(cluster: Cluster) -> set[str]:
    """Our namespaces, and what of ours is in none."""
    namespaces = {one["metadata"]["name"] for one in cluster.get("namespaces")["items"]} & _NAMESPACES
    found = {f"{kind}/{one['metadata']['name']}" for kind in _OURS for one in cluster.get(kind, "-l", _PART)["items"]}
    return namespaces | found
