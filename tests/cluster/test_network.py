"""Who may reach whom, with real packets: the table of docs/cluster.md, and what a workload must never get to.

On our own cluster the policies are enforced by `tests/cluster/enforcer`, a stand-in for what a CNI does.
"""

from collections.abc import AsyncGenerator

import msgspec
import pytest_asyncio

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from tests.cluster.kube import on_a_thread
from tests.cluster.platform import CONTROL_PLANE, POSTGRES, PROXY, ROUTER, Platform
from tests.cluster.reach import Pod, reached, run
from tests.journeys.caller import Caller
from tests.journeys.client import Client
from tests.journeys.waiting import until

METADATA = "169.254.169.254:80"
API = {"API server", "the node's API server"}
ALLOWED = {
    "proxy": {"router", "control plane", "adapter", "other adapter", "DNS", *API},
    "router": {"tool", "DNS", *API},
    "control plane": {"PostgreSQL", "DNS", *API},
    "adapter": {"DNS"},
    "tool": {"DNS"},
}


class Map(msgspec.Struct):
    """Pods by what they are, and addresses by what is there."""

    pods: dict[str, Pod]
    addresses: dict[str, str]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def places(platform: Platform) -> AsyncGenerator[Map]:
    """One pod of every sort, and where they listen."""
    async with Caller(platform.url) as owner:
        adapters = [await owner.serving("recorder") for _ in range(2)]
        tool = await owner.publish()
        client = Client(owner, modern=True)
        await until(
            lambda: client.calling(tool), lambda reply: reply.status == 200 and not reply.json["result"].get("isError")
        )
        yield await on_a_thread(_map, platform, adapters, tool)


async def test_whoever_may_reach_another_does_and_nobody_else(platform: Platform, places: Map) -> None:
    found = {name: await on_a_thread(_targets, platform, places, name) for name in ALLOWED}
    for source, targets in found.items():
        for target, got in targets.items():
            print(f"{source} → {target}: {'reached' if got else 'not reached'}")
    wrong = {
        source: {target for target, got in targets.items() if got is not (target in ALLOWED[source])}
        for source, targets in found.items()
    }
    assert wrong == {source: set[str]() for source in ALLOWED}


async def test_workload_holds_no_token_and_nothing_of_the_platform(platform: Platform, places: Map) -> None:
    program = (
        "import os, pathlib; print(pathlib.Path('/var/run/secrets').exists(), os.getuid(), "
        "sorted(name for name in os.environ if 'SECRET' in name.upper() or 'POSTGRES' in name.upper() or 'SEAL' in name.upper()))"
    )
    for workload in ("adapter", "tool"):
        assert await on_a_thread(run, platform.cluster, places.pods[workload], program) == "False 1100 []\n"


def _targets(platform: Platform, places: Map, source: str) -> dict[str, bool]:
    others = {name: address for name, address in places.addresses.items() if name != source}
    got = reached(platform.cluster, places.pods[source], others.values())
    return {name: got[address] for name, address in others.items()}


def _map(platform: Platform, adapters: list[str], tool: str) -> Map:
    one, other = (_pod(platform, f"mcp-{name}", WORKLOAD_NAMESPACE) for name in adapters)
    pods = {
        "proxy": _pod(platform, PROXY),
        "router": _pod(platform, ROUTER),
        "control plane": _pod(platform, CONTROL_PLANE),
        "PostgreSQL": _pod(platform, POSTGRES),
        "adapter": one,
        "other adapter": other,
        "tool": _pod(platform, f"tool-{tool}", WORKLOAD_NAMESPACE),
    }
    ports = {"PostgreSQL": 5432}
    addresses = {name: f"{_address(platform, pod)}:{ports.get(name, 8000)}" for name, pod in pods.items()}
    api = platform.kube.address("kubernetes", "default")
    addresses |= {"API server": f"{api}:443", "instance metadata": METADATA}
    if platform.cluster.node is not None:
        layout = platform.cluster.node.layout
        addresses |= {"DNS": f"{layout.node}:53", "the node's API server": f"{layout.node}:6443"}
        addresses |= {"the node's kubelet": f"{layout.node}:10250", "the registry": layout.registry}
    return Map(pods, addresses)


def _pod(platform: Platform, prefix: str, namespace: str = PLATFORM_NAMESPACE) -> Pod:
    return Pod(namespace, platform.kube.names(f"{prefix}-", namespace)[0])


def _address(platform: Platform, pod: Pod) -> str:
    found = platform.cluster.get("pod", pod.name, f"--namespace={pod.namespace}")
    address: str = found["status"]["podIP"]
    return address
