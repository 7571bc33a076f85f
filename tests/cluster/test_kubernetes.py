"""What the tests of this project take for granted of a cluster, asked of the one they run on."""

import time
import urllib.error
import urllib.request
from collections.abc import Callable, Generator
from typing import Any

import pytest

from tests.cluster.access import Cluster
from tests.cluster.images import images
from tests.cluster.pods import PORT, PYTHON, namespace, pod, service, stateful_set

type Json = dict[str, Any]

SPACE = "ground"
_SLEEP = ("python3", "-c", "import signal; signal.pause()")


@pytest.fixture(scope="module")
def space(cluster: Cluster) -> Generator[str]:
    """A namespace for this module, with the image that its pods run in the registry."""
    images(cluster.registry, [PYTHON])
    cluster.kubectl("delete", "namespace", SPACE, "--ignore-not-found")
    cluster.apply(namespace(SPACE))
    until(lambda: cluster.tried("-n", SPACE, "get", "serviceaccount", "default").returncode == 0, 30)
    yield SPACE
    cluster.kubectl("delete", "namespace", SPACE, "--wait=false")


@pytest.fixture(scope="module")
def server(cluster: Cluster, space: str) -> str:
    """The name of a pod that serves HTTP, and of its Service."""
    cluster.apply(pod(cluster, space, "server"), service(space, "server"))
    ready(cluster, "server")
    return "server"


@pytest.fixture(scope="module")
def client(cluster: Cluster, space: str) -> str:
    """The name of a pod that does nothing by itself."""
    cluster.apply(pod(cluster, space, "client", _SLEEP))
    ready(cluster, "client")
    return "client"


def test_every_node_is_ready(cluster: Cluster) -> None:
    for node in cluster.get("nodes")["items"]:
        assert {one["type"]: one["status"] for one in node["status"]["conditions"]}["Ready"] == "True"


def test_a_restricted_pod_runs_as_the_user_it_names_and_writes_nothing(cluster: Cluster, client: str) -> None:
    assert within(cluster, client, "import os; print(os.getuid(), os.access('/usr', os.W_OK))") == "1100 False"


def test_a_pod_that_is_not_restricted_is_refused_by_name(cluster: Cluster, space: str) -> None:
    bold = pod(cluster, space, "bold")
    bold["spec"]["securityContext"]["runAsNonRoot"] = False
    with pytest.raises(AssertionError, match=r"violates PodSecurity.*runAsNonRoot != true"):
        cluster.apply(bold)


def test_logs_show_what_a_pod_prints(cluster: Cluster, space: str, server: str) -> None:
    until(lambda: "Serving HTTP" in cluster.kubectl("-n", space, "logs", server), 10)


def test_an_image_that_cannot_be_pulled_is_told_within_seconds(cluster: Cluster, space: str) -> None:
    cluster.apply(pod(cluster, space, "pictureless", image="no-such-image:1"))

    def told() -> bool:
        events = cluster.get("-n", space, "events", "--field-selector=involvedObject.name=pictureless")["items"]
        return any(event["reason"] == "Failed" and "no-such-image:1" in event["message"] for event in events)

    print(f"told after {until(told, 10):.1f} s")


def test_a_stateful_set_of_two_is_ready_in_seconds(cluster: Cluster, space: str, server: str) -> None:
    """`server`: the image has been pulled for it already."""
    begun = time.monotonic()
    cluster.apply(service(space, "pair", headless=True), stateful_set(cluster, space, "pair", 2))
    cluster.kubectl("-n", space, "rollout", "status", "statefulset/pair", "--timeout=60s")
    print(f"two ready {time.monotonic() - begun:.1f} s after apply")
    cluster.kubectl("-n", space, "delete", "statefulset", "pair")


def test_pods_find_services_by_name(cluster: Cluster, space: str, server: str, client: str) -> None:
    address = cluster.get("-n", space, "service", server)["spec"]["clusterIP"]
    for name in (server, f"{server}.{space}", f"{server}.{space}.svc.cluster.local"):
        until(
            lambda name=name: (
                within(cluster, client, f"import socket; print(socket.gethostbyname('{name}'))") == address
            ),
            10,
        )


def test_pods_reach_services_and_pods_and_so_does_this_machine(
    cluster: Cluster, space: str, server: str, client: str
) -> None:
    """The machine: of our own cluster. To others, tests forward ports."""
    targets = [address(cluster, server), cluster.get("-n", space, "service", server)["spec"]["clusterIP"]]
    for target in targets:
        until(lambda target=target: reaches(cluster, client, target), 10)
        assert not cluster.node or answers(target)


def test_a_network_policy_stops_pods_and_lets_the_named_caller_pass(
    cluster: Cluster, space: str, server: str, client: str
) -> None:
    """On our own cluster a stand-in (`enforcer`) does what a network plug-in's own enforcement does elsewhere."""
    target = address(cluster, server)
    until(lambda: reaches(cluster, client, target), 10)
    outside = [{"ipBlock": {"cidr": f"{cluster.node.layout.outside}/32"}}] if cluster.node else []
    try:
        cluster.apply(policy(space, server, outside))
        print(f"denied after {until(lambda: not reaches(cluster, client, target), 10):.1f} s")
        assert not cluster.node or answers(target)
        cluster.apply(policy(space, server, [*outside, {"podSelector": {"matchLabels": {"app": client}}}]))
        print(f"allowed after {until(lambda: reaches(cluster, client, target), 10):.1f} s")
    finally:
        cluster.kubectl("-n", space, "delete", "networkpolicy", server)


def policy(space: str, target: str, callers: list[Json]) -> Json:
    """A NetworkPolicy: only these callers reach the pods `app: TARGET`."""
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": {"name": target, "namespace": space},
        "spec": {
            "podSelector": {"matchLabels": {"app": target}},
            "policyTypes": ["Ingress"],
            "ingress": [{"from": callers, "ports": [{"port": PORT, "protocol": "TCP"}]}] if callers else [],
        },
    }


def until(holds: Callable[[], bool], seconds: float) -> float:
    """How many seconds it took to hold. Raises AssertionError after so many."""
    begun = time.monotonic()
    while not holds():
        assert time.monotonic() - begun < seconds, f"not within {seconds} s"
        time.sleep(0.1)  # asked again: a cluster tells kubectl little by itself
    return time.monotonic() - begun


def ready(cluster: Cluster, name: str) -> None:
    """Waits for a pod; its image may have to be pulled first."""
    cluster.kubectl("-n", SPACE, "wait", "--for=condition=Ready", f"pod/{name}", "--timeout=90s")


def within(cluster: Cluster, name: str, code: str) -> str:
    """What Python code prints in a pod, stripped."""
    return cluster.kubectl("-n", SPACE, "exec", name, "--", "python3", "-c", code).strip()


def address(cluster: Cluster, name: str) -> str:
    """A pod's address."""
    return cluster.get("-n", SPACE, "pod", name)["status"]["podIP"]


def reaches(cluster: Cluster, name: str, target: str) -> bool:
    """Whether a connection from the pod is taken."""
    code = f"import socket; socket.create_connection(('{target}', {PORT}), 2)"
    return cluster.tried("-n", SPACE, "exec", name, "--", "python3", "-c", code).returncode == 0


def answers(target: str) -> bool:
    """Whether this machine gets an answer from there."""
    try:
        with urllib.request.urlopen(f"http://{target}:{PORT}/", timeout=2) as response:
            return response.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return True
    except OSError:
        return False
