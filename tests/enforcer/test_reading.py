"""Pods as the API has them."""

from typing import Any

import msgspec
import pytest

from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.reading import LivePod


def live(status: dict[str, str], **spec: Any) -> Pod | None:
    metadata = {"name": "one", "namespace": "back", "labels": {"app": "a"}, "uid": "x"}
    return msgspec.convert({"metadata": metadata, "spec": spec, "status": status}, LivePod).pod()


def test_pod_has_its_labels_address_and_ports() -> None:
    containers = [{"name": "c", "ports": [{"containerPort": 8000, "name": "http", "protocol": "TCP"}]}]
    found = live({"phase": "Running", "podIP": "10.0.0.1"}, containers=containers)
    assert found == Pod("back", "one", "10.0.0.1", {"app": "a"}, (Listener(8000, "TCP", "http"),))


@pytest.mark.parametrize("phase", ["Succeeded", "Failed"])
def test_pod_past_its_end_is_none(phase: str) -> None:
    assert live({"phase": phase, "podIP": "10.0.0.1"}) is None


def test_pod_without_an_address_is_none() -> None:
    assert live({"phase": "Pending"}) is None


def test_pod_on_the_nodes_own_network_is_none() -> None:
    assert live({"phase": "Running", "podIP": "10.0.0.1"}, hostNetwork=True) is None
