"""World: the pods, namespaces and policies of a moment, and what they let through. Pure: no cluster, no packets."""

from collections.abc import Iterator, Mapping, Sequence

import msgspec

from tests.cluster.enforcer.pod import Pod, Reach, reaches
from tests.cluster.enforcer.policy import Direction, Peer, Policy, Port, Rule


class Opening(msgspec.Struct, frozen=True):
    """Lets through what comes from (or goes to) any of the addresses, single or CIDR, but the excluded. None: all."""

    reach: Reach = Reach()
    addresses: tuple[str, ...] | None = None
    excluded: tuple[str, ...] = ()


class World(msgspec.Struct, frozen=True):
    """`namespaces`: labels by name."""

    namespaces: Mapping[str, Mapping[str, str]] = {}
    pods: Sequence[Pod] = ()
    policies: Sequence[Policy] = ()

    def openings(self, pod: Pod, direction: Direction) -> list[Opening] | None:
        """What may reach a pod, or be reached by it; None: everything, since no policy selects it that way."""
        selecting = [one for one in self.policies if _selects(one, pod) and one.spec.rules(direction) is not None]
        if not selecting:
            return None
        return [
            opening
            for policy in selecting
            for rule in policy.spec.rules(direction) or ()
            for opening in self._openings(policy.namespace, rule, pod, direction)
        ]

    def _openings(self, namespace: str, rule: Rule, pod: Pod, direction: Direction) -> Iterator[Opening]:
        listening = pod if direction == "Ingress" else None
        if not rule.peers:
            yield from (Opening(reach) for reach in reaches(rule.ports, listening))
        for peer in rule.peers:
            if block := peer.ip_block:
                for reach in reaches(rule.ports, listening):
                    yield Opening(reach, (block.cidr,), block.excluded)
            else:
                matching = [other for other in self.pods if self._matches(namespace, peer, other)]
                yield from _between(rule.ports, listening, matching)

    def _matches(self, namespace: str, peer: Peer, pod: Pod) -> bool:
        """No selector of namespaces: the policy's own. No selector of pods: all of them."""
        if peer.namespace_selector is None:
            near = pod.namespace == namespace
        else:
            near = peer.namespace_selector.selects(self.namespaces.get(pod.namespace, {}))
        return near and (peer.pod_selector is None or peer.pod_selector.selects(pod.labels))


def _selects(policy: Policy, pod: Pod) -> bool:
    return policy.namespace == pod.namespace and policy.spec.pod_selector.selects(pod.labels)


def _between(ports: Sequence[Port], listening: Pod | None, others: Sequence[Pod]) -> Iterator[Opening]:
    """One opening per range of ports: a name may be another number in every pod that listens."""
    found: dict[Reach, list[str]] = {}
    for other in others:
        for reach in reaches(ports, listening or other):
            found.setdefault(reach, []).append(other.address)
    yield from (Opening(reach, tuple(dict.fromkeys(addresses))) for reach, addresses in found.items())
