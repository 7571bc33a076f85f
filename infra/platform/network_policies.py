"""NetworkPolicies: nobody reaches anybody, and then one policy for each party, with its part of the table of flows."""

from collections.abc import Iterable

from gateway.cluster.names import PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE
from infra.platform.flows import Flow, Outside, Pods, Port, flows, parties
from infra.platform.names import Manifest, metadata
from infra.platform.options import PlatformOptions

_BOTH = ["Ingress", "Egress"]


def network_policies(options: PlatformOptions) -> list[Manifest]:
    table = flows(options)
    denied = [_policy("default-deny", namespace, {}, {}) for namespace in (PLATFORM_NAMESPACE, WORKLOAD_NAMESPACE)]
    return [*denied, *(_allowed(party, table) for party in parties(options))]


def _allowed(party: Pods, table: Iterable[Flow]) -> Manifest:
    ingress = [_rule("from", flow.source, party, flow.ports) for flow in table if flow.target == party]
    egress = [_rule("to", flow.target, party, flow.ports) for flow in table if flow.source == party]
    rules = {name: rules for name, rules in (("ingress", ingress), ("egress", egress)) if rules}
    return _policy(party.name, party.namespace, {"matchLabels": party.labels}, rules)


def _rule(direction: str, other: Pods | Outside, party: Pods, ports: Iterable[Port]) -> Manifest:
    peers = other.peers(party.namespace)
    allowed = [{"protocol": protocol, **({"port": port} if port else {})} for protocol, port in ports]
    return {**({} if peers is None else {direction: peers}), **({"ports": allowed} if allowed else {})}


def _policy(name: str, namespace: str, pods: Manifest, rules: Manifest) -> Manifest:
    return {
        "apiVersion": "networking.k8s.io/v1",
        "kind": "NetworkPolicy",
        "metadata": metadata(name, namespace),
        "spec": {"podSelector": pods, "policyTypes": _BOTH, **rules},
    }
