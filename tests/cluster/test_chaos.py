"""The node's processes, ended and frozen one by one: what tests of outages stand on. Only for a cluster of our own."""

import signal

import pytest

from tests.cluster.access import Cluster
from tests.cluster.api import Api
from tests.cluster.node import API_SERVER, Node


@pytest.fixture
def node(cluster: Cluster) -> Node:
    """Our own node."""
    if cluster.node is None:
        pytest.skip("the processes of another cluster are not ours to stop")
    return cluster.node


def test_a_killed_api_server_is_back_where_it_was(cluster: Cluster, node: Node) -> None:
    cluster.kubectl("create", "configmap", "kept", "--namespace=default")
    node.stop(API_SERVER, signal.SIGKILL)
    assert node.pid(API_SERVER) is None
    assert not Api(node.layout).ready()
    node.start(API_SERVER)
    assert cluster.get("configmap", "kept", "--namespace=default")["metadata"]["name"] == "kept"
    cluster.kubectl("delete", "configmap", "kept", "--namespace=default")


def test_a_frozen_api_server_answers_nothing_until_it_is_thawed(node: Node) -> None:
    node.freeze(API_SERVER)
    try:
        assert node.pid(API_SERVER) is not None
        assert not Api(node.layout).ready()
    finally:
        node.thaw(API_SERVER)
    api = Api(node.layout)
    api.await_("the API server answers", api.ready, 10)
