"""Which endpoints are instances, and in what state."""

from typing import Any

import msgspec
import pytest

from gateway.catalog import Instance
from gateway.cluster.instances import instances_of, merged
from gateway.cluster.objects import EndpointSlice


def of(*endpoints: dict[str, Any], **members: Any) -> tuple[Instance, ...]:
    """The instances of a slice that is written like this."""
    slice = {
        "metadata": {"name": "mcp-a-x1"},
        "addressType": "IPv4",
        "endpoints": list(endpoints),
        "ports": [{"name": "http", "port": 8000}],
        **members,
    }
    return instances_of(msgspec.json.decode(msgspec.json.encode(slice), type=EndpointSlice))


def endpoint(**conditions: bool | None) -> dict[str, Any]:
    """An endpoint with some conditions."""
    return {"addresses": ["10.0.0.1", "10.0.0.2"], "conditions": conditions, "targetRef": {"uid": "u", "name": "p"}}


@pytest.mark.parametrize(
    ("conditions", "ready"),
    [
        ({"ready": True, "serving": True, "terminating": False}, True),
        ({"ready": False, "serving": True, "terminating": True}, False),
        ({"ready": False, "serving": False, "terminating": False}, False),
        ({"ready": False, "serving": False, "terminating": True}, None),
        ({}, True),  # unknown is ready
        ({"ready": None, "serving": None, "terminating": None}, True),
        ({"ready": False}, False),
        ({"terminating": True, "serving": True}, False),
    ],
)
def test_ready_takes_new_sessions_whoever_may_still_answer_keeps_its_own_and_anything_else_is_gone(
    conditions: dict[str, bool | None], ready: bool | None
) -> None:
    expected = () if ready is None else (Instance("u", "10.0.0.1", 8000, ready),)
    assert of(endpoint(**conditions)) == expected


def test_endpoints_without_a_pod_or_an_address_are_no_instances() -> None:
    assert of({"addresses": ["10.0.0.1"]}, {"addresses": [], "targetRef": {"uid": "u"}}, {"addresses": None}) == ()


@pytest.mark.parametrize(
    ("ports", "port"),
    [
        ([{"name": "metrics", "port": 1}, {"name": "http", "port": 2}], 2),
        ([{"name": "", "port": 3}], 3),
        ([{"port": 4}], 4),
        ([{"name": "a", "port": 1}, {"name": "b", "port": 2}], None),
        ([{"name": "http", "port": None}], None),
        (None, None),
    ],
)
def test_the_port_is_the_one_called_http_or_the_only_one(ports: Any, port: int | None) -> None:
    found = of(endpoint(), ports=ports)
    assert [instance.port for instance in found] == ([] if port is None else [port])


def test_a_slice_of_names_is_of_no_use() -> None:
    assert of(endpoint(), addressType="FQDN") == ()


def test_a_slice_may_have_no_endpoints_at_all() -> None:
    assert of(endpoints=None) == ()


def test_a_pod_in_two_slices_is_one_instance_ready_if_either_says_so() -> None:
    ending, ready = Instance("u", "10.0.0.1", 8000, ready=False), Instance("u", "10.0.0.1", 8000)
    assert merged([(ending,), (ready,)]) == merged([(ready,), (ending,)]) == (ready,)


def test_of_two_families_the_same_address_is_always_chosen() -> None:
    four, six = Instance("u", "10.0.0.1", 8000), Instance("u", "fd00::1", 8000)
    assert merged([(six,), (four,)]) == merged([(four,), (six,)]) == (four,)


def test_instances_come_in_the_order_of_their_uids() -> None:
    a, b, c = (Instance(uid, "10.0.0.1", 8000) for uid in "abc")
    assert merged([(c, a), (b,)]) == (a, b, c)
