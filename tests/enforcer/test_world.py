"""What networking.k8s.io/v1 says about who reaches whom, sentence by sentence."""

import msgspec

from tests.cluster.enforcer.pod import Listener, Pod
from tests.cluster.enforcer.policy import Policy
from tests.cluster.enforcer.world import World
from tests.enforcer.passing import NAMESPACES, passes, pod, policy

ONE, TWO, EDGE = pod("one", "10.0.0.1"), pod("two", "10.0.0.2"), pod("edge", "10.0.0.3", "front")
PODS = (ONE, TWO, EDGE)
ALL: dict[str, object] = {}
OUTSIDE = "192.0.2.7"


def world(*policies: Policy, pods: tuple[Pod, ...] = PODS) -> World:
    return World(NAMESPACES, pods, policies)


def ingress(*rules: object, selector: object = ALL) -> Policy:
    return policy({"podSelector": selector, "policyTypes": ["Ingress"], "ingress": rules})


def egress(*rules: object, selector: object = ALL) -> Policy:
    return policy({"podSelector": selector, "policyTypes": ["Egress"], "egress": rules})


def test_without_a_policy_everybody_reaches_everybody() -> None:
    assert all(passes(world(), one, other) for one in (*PODS, OUTSIDE) for other in PODS)


def test_selected_pod_is_isolated_and_the_others_are_not() -> None:
    denied = world(ingress(selector={"matchLabels": {"app": "one"}}))
    assert not passes(denied, TWO, ONE)
    assert not passes(denied, OUTSIDE, ONE)
    assert passes(denied, ONE, TWO)
    assert passes(denied, ONE, OUTSIDE)


def test_policy_speaks_of_its_own_namespace_only() -> None:
    denied = world(ingress())
    assert not passes(denied, TWO, ONE)
    assert passes(denied, ONE, EDGE)


def test_rule_without_peers_lets_everybody_in() -> None:
    assert passes(world(ingress({})), OUTSIDE, ONE)
    assert passes(world(egress({})), ONE, OUTSIDE)


def test_policies_add_up() -> None:
    both = world(ingress(), ingress({"from": [{"podSelector": {"matchLabels": {"app": "two"}}}]}))
    assert passes(both, TWO, ONE)
    assert not passes(both, EDGE, ONE)


def test_pod_selector_alone_means_pods_of_the_policys_namespace() -> None:
    near = world(ingress({"from": [{"podSelector": ALL}]}))
    assert passes(near, TWO, ONE)
    assert not passes(near, EDGE, ONE)
    assert not passes(near, OUTSIDE, ONE)


def test_namespace_selector_alone_means_all_pods_of_these_namespaces() -> None:
    edge = world(ingress({"from": [{"namespaceSelector": {"matchLabels": {"tier": "edge"}}}]}))
    assert passes(edge, EDGE, ONE)
    assert not passes(edge, TWO, ONE)


def test_both_selectors_in_one_peer_must_match() -> None:
    def let(app: str) -> World:
        peer = {"namespaceSelector": {"matchLabels": {"tier": "edge"}}, "podSelector": {"matchLabels": {"app": app}}}
        return world(ingress({"from": [peer]}))

    assert passes(let("edge"), EDGE, ONE)
    assert not passes(let("two"), EDGE, ONE)
    assert not passes(let("two"), TWO, ONE)


def test_either_peer_of_a_rule_may_match() -> None:
    peers = [{"namespaceSelector": {"matchLabels": {"tier": "edge"}}}, {"podSelector": {"matchLabels": {"app": "two"}}}]
    either = world(ingress({"from": peers}))
    assert passes(either, EDGE, ONE)
    assert passes(either, TWO, ONE)


def test_ip_block_lets_its_addresses_in_but_the_excepted() -> None:
    block = world(ingress({"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.128/25"]}}]}))
    assert passes(block, OUTSIDE, ONE)
    assert not passes(block, "192.0.2.200", ONE)
    assert not passes(block, "198.51.100.1", ONE)
    assert not passes(block, TWO, ONE)


def test_egress_to_the_world_but_the_excepted() -> None:
    away = world(egress({"to": [{"ipBlock": {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "169.254.169.254/32"]}}]}))
    assert passes(away, ONE, OUTSIDE)
    assert not passes(away, ONE, TWO)
    assert not passes(away, ONE, "169.254.169.254")


def test_egress_and_ingress_must_both_let_through() -> None:
    to_two = egress(
        {"to": [{"podSelector": {"matchLabels": {"app": "two"}}}]}, selector={"matchLabels": {"app": "one"}}
    )
    shut = ingress(selector={"matchLabels": {"app": "two"}})
    from_one = ingress(
        {"from": [{"podSelector": {"matchLabels": {"app": "one"}}}]}, selector={"matchLabels": {"app": "two"}}
    )
    assert passes(world(to_two), ONE, TWO)
    assert not passes(world(to_two, shut), ONE, TWO)
    assert passes(world(to_two, shut, from_one), ONE, TWO)
    assert not passes(world(to_two), ONE, EDGE)


def test_port_by_number_is_that_port_of_that_protocol() -> None:
    web = world(ingress({"ports": [{"port": 8000}]}))
    assert passes(web, TWO, ONE)
    assert not passes(web, TWO, ONE, 8001)
    assert not passes(web, TWO, ONE, 8000, "UDP")


def test_range_of_ports_ends_with_its_last() -> None:
    some = world(ingress({"ports": [{"protocol": "UDP", "port": 30, "endPort": 32}]}))
    assert [passes(some, TWO, ONE, port, "UDP") for port in range(29, 34)] == [False, True, True, True, False]


def test_protocol_without_a_port_is_all_its_ports() -> None:
    datagrams = world(ingress({"ports": [{"protocol": "UDP"}]}))
    assert passes(datagrams, TWO, ONE, 1, "UDP")
    assert not passes(datagrams, TWO, ONE)


def test_named_port_is_the_number_it_has_in_the_pod_that_listens() -> None:
    other = msgspec.structs.replace(TWO, listeners=(Listener(9000, "TCP", "http"),))
    pods = (ONE, other, EDGE)
    into = world(ingress({"ports": [{"port": "http"}]}), pods=pods)
    assert passes(into, EDGE, ONE, 8000)
    assert not passes(into, EDGE, ONE, 9000)
    assert passes(into, EDGE, other, 9000)
    out = world(egress({"to": [{"podSelector": ALL}], "ports": [{"port": "http"}]}), pods=pods)
    assert passes(out, ONE, other, 9000)
    assert not passes(out, ONE, other, 8000)


def test_named_port_that_nobody_has_lets_nothing_through() -> None:
    assert not passes(world(ingress({"ports": [{"port": "metrics"}]})), TWO, ONE)
    assert not passes(world(egress({"ports": [{"port": "http"}]})), ONE, OUTSIDE)


def test_types_left_out_are_ingress_and_egress_where_there_are_rules_for_it() -> None:
    assert policy({"podSelector": ALL}).spec.rules("Egress") is None
    assert policy({"podSelector": ALL}).spec.rules("Ingress") == ()
    spoken = policy({"podSelector": ALL, "egress": [ALL]}).spec
    assert (spoken.rules("Ingress"), len(spoken.rules("Egress") or ())) == ((), 1)
    assert policy({"podSelector": ALL, "policyTypes": ["Egress"]}).spec.rules("Ingress") is None


def test_stand_in_for_a_pod_is_reached_on_its_own_ports_alone() -> None:
    dns = Pod("kube-system", "dns", "10.9.0.2", {"k8s-app": "kube-dns"}, (Listener(53, "UDP", "dns"),), only=True)
    names = {**NAMESPACES, "kube-system": {"name": "kube-system"}}
    to_dns = {"namespaceSelector": {"matchLabels": {"name": "kube-system"}}}
    for rule in ({"to": [to_dns]}, {"to": [to_dns], "ports": [{"protocol": "UDP", "port": 53}]}):
        asking = World(names, (*PODS, dns), (egress(rule),))
        assert passes(asking, ONE, dns, 53, "UDP")
        assert not passes(asking, ONE, dns, 6443)
    assert not passes(World(names, (*PODS, dns), (egress(),)), ONE, dns, 53, "UDP")
