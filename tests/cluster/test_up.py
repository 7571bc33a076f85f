"""Up and down, whatever was before: on a second cluster beside the one that other tests use."""

import os
import signal
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.cluster import cluster as whole
from tests.cluster.access import Cluster
from tests.cluster.api import Api
from tests.cluster.images import images
from tests.cluster.layout import NUMBER, Layout
from tests.cluster.node import Node
from tests.cluster.pods import PYTHON, namespace, pod

SPACE = "second"


@pytest.fixture
def second(cluster: Cluster) -> Generator[Layout]:
    """A place where no cluster is, before and after."""
    if cluster.node is None:
        pytest.skip("this machine is not the cluster's")
    number = cluster.node.layout.number % 200 + 10
    layout = Layout(number, Path(f"/run/mcp-gateway-cluster-{number}"))
    whole.down(layout)
    yield layout
    whole.down(layout)


def test_a_cluster_that_was_killed_comes_up_again_and_leaves_nothing_behind(second: Layout) -> None:
    whole.up(second, print)
    run_pods(Cluster(second.kubeconfig, second.registry, Node.running(second)))
    node = Node.running(second)
    for name in node.components:
        node.stop(name, signal.SIGKILL)
    assert mounts(second)
    assert whole.missing(second)

    whole.up(second, print)
    assert not whole.missing(second)
    assert Api(second).get(f"/api/v1/namespaces/{SPACE}") is None  # nothing of the one before

    whole.down(second)
    assert traces(second) == []
    whole.down(second)  # nothing to do, and that is fine


def test_up_is_done_at_once_where_the_cluster_is_up(cluster: Cluster) -> None:
    if cluster.node is None:
        pytest.skip("this machine is not the cluster's")
    before = {name: cluster.node.pid(name) for name in cluster.node.components}
    whole.up(cluster.node.layout, print)
    assert {name: cluster.node.pid(name) for name in cluster.node.components} == before


def test_a_number_without_room_for_three_networks_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in ("0", "254", "many"):
        monkeypatch.setenv("CLUSTER_NUMBER", wrong)
        with pytest.raises(ValueError, match="CLUSTER_NUMBER"):
            Layout.from_env()
    monkeypatch.delenv("CLUSTER_NUMBER")
    assert Layout.from_env().number == NUMBER


def run_pods(cluster: Cluster) -> None:
    """Two pods that serve."""
    images(cluster.registry, [PYTHON])
    cluster.apply(namespace(SPACE))
    cluster.kubectl("-n", SPACE, "wait", "--for=create", "serviceaccount/default", "--timeout=30s")
    cluster.apply(*(pod(cluster, SPACE, name) for name in ("one", "two")))
    cluster.kubectl("-n", SPACE, "wait", "--for=condition=Ready", "pod", "--all", "--timeout=90s")


def mounts(layout: Layout) -> list[str]:
    """What is mounted below its home."""
    return [line for line in Path("/proc/self/mountinfo").read_text().splitlines() if f" {layout.home}/" in line]


def traces(layout: Layout) -> list[str]:
    """Whatever on this machine names the cluster: its folder, mounts, processes, cgroups, network, files elsewhere."""
    found = [str(path) for path in (layout.home, layout.namespace_file) if path.exists()]
    found += [link for link in os.listdir("/sys/class/net") if link in layout.links]
    found += [str(path) for path in Path("/sys/fs/cgroup").glob(f"**/{layout.name}")]
    found += [str(path) for path in Path("/var/lib/cni").glob(f"**/{layout.name}-*")]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            if os.fsencode(f"{layout.home}/") in (folder / "cmdline").read_bytes():
                found.append(folder.name)
        except (FileNotFoundError, ProcessLookupError):
            continue
    return found + mounts(layout)
