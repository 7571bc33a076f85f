"""Passing: whether a first packet of a connection gets through, read off the openings of both ends. Pure."""

from ipaddress import ip_address, ip_network

import msgspec

from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.policy import Policy
from tests.cluster.enforcer.reading import NetworkPolicy
from tests.cluster.enforcer.world import Opening, World

NAMESPACES = {"front": {"name": "front", "tier": "edge"}, "back": {"name": "back"}}


def policy(spec: object, namespace: str = "back") -> Policy:
    """A policy as a manifest has it."""
    return msgspec.convert({"metadata": {"name": "p", "namespace": namespace}, "spec": spec}, NetworkPolicy).policy()


def pod(name: str, address: str, namespace: str = "back", **labels: str) -> Pod:
    """A pod that listens on 8000, named `http`."""
    return Pod(namespace, name, address, {"app": name, **labels}, (Listener(8000, "TCP", "http"),))


def passes(world: World, source: Pod | str, target: Pod | str, port: int = 8000, protocol: str = "TCP") -> bool:
    """Whether it gets through; an end that is no pod is an address."""
    packet = Listener(port, protocol)
    out = world.openings(source, "Egress") if isinstance(source, Pod) else None
    into = world.openings(target, "Ingress") if isinstance(target, Pod) else None
    return _open(out, _address(target), packet) and _open(into, _address(source), packet)


def _address(end: Pod | str) -> str:
    return end.address if isinstance(end, Pod) else end


def _open(openings: list[Opening] | None, other: str, packet: Listener) -> bool:
    return openings is None or any(one.reach.covers(packet) and _among(one, other) for one in openings)


def _among(opening: Opening, other: str) -> bool:
    address = ip_address(other)
    meant = opening.addresses is None or any(address in ip_network(one) for one in opening.addresses)
    return meant and not any(address in ip_network(one) for one in opening.excluded)
