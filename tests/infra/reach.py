"""Reach: NetworkPolicies evaluated as networking.k8s.io/v1 defines them. Pure: no packets; those are tried on a cluster."""

from collections.abc import Iterable, Sequence
from ipaddress import IPv4Address, IPv4Network
from typing import Any

import msgspec

from infra.platform import Manifest

type Port = tuple[str, int]


class Place(msgspec.Struct, frozen=True):
    """Where a packet comes from or goes to. Without a namespace it is no pod, and no policy is about it."""

    address: str
    namespace: str = ""
    labels: dict[str, str] = {}


class Network(msgspec.Struct, frozen=True):
    """`blocks_are_for_pods`: whether an ipBlock speaks of pods too. The specification leaves that to the network."""

    policies: Sequence[Manifest]
    blocks_are_for_pods: bool

    def reaches(self, source: Place, target: Place, port: Port) -> bool:
        """Whether a new connection is allowed, by whoever has a say at either end."""
        return self._allows("Egress", source, target, port) and self._allows("Ingress", target, source, port)

    def _allows(self, direction: str, pod: Place, other: Place, port: Port) -> bool:
        specs = [policy["spec"] for policy in self.policies if self._is_about(policy, pod)]
        specs = [spec for spec in specs if direction in spec["policyTypes"]]
        peers = "to" if direction == "Egress" else "from"
        rules = [rule for spec in specs for rule in spec.get(direction.lower(), [])]
        return not specs or any(self._matches(rule, peers, pod, other, port) for rule in rules)

    def _is_about(self, policy: Manifest, pod: Place) -> bool:
        same = policy["metadata"]["namespace"] == pod.namespace
        return same and _selected(policy["spec"]["podSelector"], pod.labels)

    def _matches(self, rule: Manifest, peers: str, pod: Place, other: Place, port: Port) -> bool:
        # An empty list, like a missing one, is everybody.
        named = not rule.get(peers) or any(self._is_peer(peer, pod, other) for peer in rule[peers])
        return named and _port_allowed(rule.get("ports", []), port)

    def _is_peer(self, peer: Manifest, pod: Place, other: Place) -> bool:
        if "ipBlock" in peer:
            return (self.blocks_are_for_pods or not other.namespace) and _within(peer["ipBlock"], other.address)
        if not other.namespace:
            return False
        if "namespaceSelector" in peer:
            labels = {"kubernetes.io/metadata.name": other.namespace}
            return _selected(peer["namespaceSelector"], labels) and _selected(peer.get("podSelector", {}), other.labels)
        return other.namespace == pod.namespace and _selected(peer["podSelector"], other.labels)


def _selected(selector: dict[str, Any], labels: dict[str, str]) -> bool:
    unknown = set(selector) - {"matchLabels"}
    assert not unknown, f"not evaluated here: {unknown}"
    wanted: dict[str, str] = selector.get("matchLabels", {})
    return wanted.items() <= labels.items()


def _within(block: Manifest, address: str) -> bool:
    there = IPv4Address(address)
    excluded: Iterable[str] = block.get("except", [])
    return there in IPv4Network(block["cidr"]) and not any(there in IPv4Network(text) for text in excluded)


def _port_allowed(ports: Sequence[Manifest], port: Port) -> bool:
    protocol, number = port
    return not ports or any(entry["protocol"] == protocol and entry.get("port", number) == number for entry in ports)
