"""How fast a policy bites on our own cluster, whose enforcer is a stand-in. Other clusters' plug-ins take their own time."""

import socket
import time
from collections.abc import Callable, Generator

import pytest

from tests.cluster.access import Cluster
from tests.cluster.images import images
from tests.cluster.pods import PORT, PYTHON, namespace, pod

SPACE = "enforcer"
SOON = 2.0  # seconds; 0.1 on an idle machine, and two cores are shared with whatever else runs
PATIENCE = 60.0


@pytest.fixture(scope="module")
def target(cluster: Cluster) -> Generator[str]:
    """The address of a pod that listens."""
    if not cluster.node:
        pytest.skip("the enforcer is a part of our own cluster only")
    images(cluster.registry, [PYTHON])
    cluster.apply(namespace(SPACE))
    until(lambda: cluster.tried("-n", SPACE, "get", "serviceaccount", "default").returncode == 0)
    cluster.apply(pod(cluster, SPACE, "server"))
    cluster.kubectl("-n", SPACE, "wait", "--for=condition=Ready", "pod/server", "--timeout=90s")
    yield cluster.get("-n", SPACE, "pod", "server")["status"]["podIP"]
    cluster.kubectl("delete", "namespace", SPACE, "--wait=false")


def test_policy_bites_and_lets_go_soon_after_it_is_applied(cluster: Cluster, target: str) -> None:
    until(lambda: connects(target))
    for _ in range(3):
        cluster.apply(denial())
        bitten = until(lambda: not connects(target))
        cluster.kubectl("-n", SPACE, "delete", "networkpolicy", "nobody")
        released = until(lambda: connects(target))
        print(f"bites after {bitten:.2f} s, lets go after {released:.2f} s")
        assert max(bitten, released) < SOON


def denial() -> dict[str, object]:
    """Nobody reaches the pods of the namespace."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": "nobody", "namespace": SPACE},
        "spec": {"podSelector": {}, "policyTypes": ["Ingress"]},
    }


def connects(address: str) -> bool:
    """Whether a connection from this machine is taken; a policy's refusal is silence."""
    try:
        socket.create_connection((address, PORT), 0.1).close()
    except OSError:
        return False
    return True


def until(holds: Callable[[], bool]) -> float:
    """The seconds until it held. Raises AssertionError after PATIENCE."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < PATIENCE
        time.sleep(0.02)  # the network tells nobody what it would let through
    return time.monotonic() - begun
