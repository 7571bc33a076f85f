"""The enforcer's table with real packets, between network namespaces: no Kubernetes needed. The enforcer is a stand-in for
the enforcement that a cluster's network plug-in brings."""

import itertools
import threading
from collections.abc import Generator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest

from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.policy import Policy
from tests.cluster.enforcer.table import table
from tests.cluster.enforcer.world import World
from tests.cluster.hosts import Hosts, hosts
from tests.enforcer.passing import policy

ADDRESSES = {"one": "10.131.0.1", "two": "10.131.0.2", "late": "10.131.0.9", "outside": "192.0.2.7"}
RANGE, NODE = "10.131.0.0/16", "169.254.1.1"
ONE, TWO = (
    Pod("back", name, ADDRESSES[name], {"app": name}, (Listener(8000, "TCP", "http"),)) for name in ("one", "two")
)
DNS = Pod("kube-system", "dns", NODE, {"k8s-app": "kube-dns"}, (Listener(53),), only=True)
LISTENING = [*((host, 8000) for host in (*ADDRESSES, "node")), ("two", 8001), ("node", 53)]
ALL: dict[str, object] = {}


@pytest.fixture(scope="module")
def ground() -> Generator[Hosts]:
    """Pods `one`, `two` and the unknown `late`, a stranger `outside`, and the node; all listen on 8000."""
    with hosts(ADDRESSES) as made, ExitStack() as servers:
        for host, port in LISTENING:
            servers.enter_context(made.listening(host, port))
        yield made


def enforce(ground: Hosts, *policies: Policy, pods: tuple[Pod, ...] = (ONE, TWO, DNS)) -> None:
    ground.load(table(World({"back": {}, "kube-system": {}}, pods, policies), RANGE))


def test_without_policies_known_pods_reach_each_other_and_are_reached(ground: Hosts) -> None:
    enforce(ground)
    assert ground.reaches("one", "two", 8000)
    assert ground.reaches("outside", "one", 8000)
    assert ground.reaches("one", "outside", 8000)
    assert ground.reaches("one", NODE, 8000)


def test_unknown_pod_neither_reaches_nor_is_reached_but_by_the_node(ground: Hosts) -> None:
    enforce(ground)
    assert not ground.reaches("late", "one", 8000)
    assert not ground.reaches("one", "late", 8000)
    assert not ground.reaches("late", NODE, 8000)
    assert not ground.reaches("outside", "late", 8000)
    assert ground.reaches("node", "late", 8000)


def test_isolated_pod_is_reached_by_the_node_and_by_whom_the_policy_names(ground: Hosts) -> None:
    closed = policy({"podSelector": {"matchLabels": {"app": "two"}}})
    enforce(ground, closed)
    assert not ground.reaches("one", "two", 8000)
    assert not ground.reaches("outside", "two", 8000)
    assert ground.reaches("node", "two", 8000)
    assert ground.reaches("two", "one", 8000)
    assert ground.reaches("two", "two", 8000)
    sources = [{"podSelector": {"matchLabels": {"app": "one"}}}, {"ipBlock": {"cidr": "192.0.2.0/24"}}]
    enforce(ground, closed, policy({"podSelector": ALL, "ingress": [{"from": sources, "ports": [{"port": "http"}]}]}))
    assert ground.reaches("one", "two", 8000)
    assert ground.reaches("outside", "two", 8000)
    assert not ground.reaches("one", "two", 8001)


def test_egress_ends_where_the_policy_does(ground: Hosts) -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "169.254.0.0/16"]}
    enforce(ground, policy({"podSelector": ALL, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": block}]}]}))
    assert ground.reaches("one", "outside", 8000)
    assert not ground.reaches("one", "two", 8000)
    assert not ground.reaches("one", NODE, 8000)


def test_dns_of_the_node_is_reached_as_the_pod_it_stands_for_and_nothing_else_there(ground: Hosts) -> None:
    enforce(ground, policy({"podSelector": ALL, "policyTypes": ["Egress"]}))
    assert not ground.reaches("one", NODE, 53)
    peer = {"namespaceSelector": ALL, "podSelector": {"matchLabels": {"k8s-app": "kube-dns"}}}
    enforce(ground, policy({"podSelector": ALL, "policyTypes": ["Egress"], "egress": [{"to": [peer]}]}))
    assert ground.reaches("one", NODE, 53)
    assert not ground.reaches("one", NODE, 8000)


def test_policies_of_both_ends_must_let_through(ground: Hosts) -> None:
    to_two = {"to": [{"podSelector": {"matchLabels": {"app": "two"}}}]}
    out = policy({"podSelector": {"matchLabels": {"app": "one"}}, "policyTypes": ["Egress"], "egress": [to_two]})
    enforce(ground, out)
    assert ground.reaches("one", "two", 8000)
    enforce(ground, out, policy({"podSelector": {"matchLabels": {"app": "two"}}}))
    assert not ground.reaches("one", "two", 8000)


def test_replacing_the_table_opens_no_gap_and_closes_none(ground: Hosts) -> None:
    shut = policy({"podSelector": {"matchLabels": {"app": "two"}}, "policyTypes": ["Ingress"]})
    stop = threading.Event()

    def replace() -> int:
        for count in itertools.count():
            if stop.is_set():
                return count
            enforce(ground, shut, *(policy({"podSelector": {"matchLabels": {"n": str(n)}}}) for n in range(count % 9)))
        return 0

    enforce(ground, shut)
    with ThreadPoolExecutor() as threads:
        replacing = threads.submit(replace)
        try:
            shut_out = [ground.reaches("one", "two", 8000) for _ in range(3)]
            let_through = [ground.reaches("two", "one", 8000) for _ in range(15)]
        finally:
            stop.set()
    assert (any(shut_out), all(let_through)) == (False, True)
    assert replacing.result() > 3
