"""The words of nftables. That they mean this is shown with packets: tests/cluster/test_enforcer.py."""

import re

from tests.cluster.enforcer.table import NAME, table
from tests.cluster.enforcer.world import World
from tests.enforcer.passing import NAMESPACES, pod, policy

ONE, TWO = pod("one", "10.0.0.1"), pod("two", "10.0.0.2")
RANGE = "10.0.0.0/16"


def rules(text: str, chain: str) -> list[str]:
    """The rules of one chain."""
    found = re.search(rf"^chain {chain} {{\n(.*?)^}}", text, re.MULTILINE | re.DOTALL)
    assert found, text
    return [line.strip() for line in found[1].splitlines()]


def written(spec: object, *pods: str) -> str:
    return table(World(NAMESPACES, (ONE, TWO), (policy(spec),)), RANGE)


def test_table_replaces_itself_in_one_file() -> None:
    assert table(World(), RANGE).startswith(f"table ip {NAME}\ndelete table ip {NAME}\ntable ip {NAME} {{\n")


def test_established_connections_come_before_everything_else() -> None:
    text = table(World(), RANGE)
    for hook in ("forward", "input"):
        assert rules(text, hook)[:2] == [
            f"type filter hook {hook} priority 10; policy accept;",
            "ct state established,related accept",
        ]


def test_what_pods_send_to_the_node_is_judged_by_their_egress_alone() -> None:
    assert rules(table(World(), RANGE), "input")[2:] == ["jump known", "jump egress"]
    assert rules(table(World(), RANGE), "forward")[2:] == ["jump known", "jump egress", "jump ingress"]


def test_address_of_no_known_pod_is_stopped_at_either_end() -> None:
    assert rules(table(World(), RANGE), "known") == [
        "ip saddr 10.0.0.0/16 counter drop",
        "ip daddr 10.0.0.0/16 counter drop",
    ]
    known = table(World(NAMESPACES, (ONE, TWO)), RANGE)
    assert rules(known, "known") == [
        "ip saddr . ip daddr { 10.0.0.1 . 10.0.0.1, 10.0.0.2 . 10.0.0.2 } accept",
        "ip saddr 10.0.0.0/16 ip saddr != { 10.0.0.1, 10.0.0.2 } counter drop",
        "ip daddr 10.0.0.0/16 ip daddr != { 10.0.0.1, 10.0.0.2 } counter drop",
    ]


def test_pods_that_no_policy_selects_have_no_chain() -> None:
    text = written({"podSelector": {"matchLabels": {"app": "one"}}})
    assert rules(text, "ingress") == ["ip daddr vmap { 10.0.0.1 : jump in_10_0_0_1 }"]
    assert rules(text, "egress") == []
    assert rules(text, "in_10_0_0_1") == ["counter drop"]


def test_opening_returns_so_that_the_other_direction_is_judged_too() -> None:
    text = written(
        {
            "podSelector": {"matchLabels": {"app": "one"}},
            "ingress": [
                {"from": [{"podSelector": {"matchLabels": {"app": "two"}}}], "ports": [{"port": "http"}]},
                {"from": [{"ipBlock": {"cidr": "192.0.2.0/24", "except": ["192.0.2.1/32"]}}], "ports": [{"port": 1, "endPort": 9}]},
                {"ports": [{"protocol": "UDP"}]},
            ],
        }
    )  # fmt: skip
    assert rules(text, "in_10_0_0_1") == [
        "ip saddr { 10.0.0.2 } tcp dport 8000 return",
        "ip saddr { 192.0.2.0/24 } ip saddr != { 192.0.2.1 } tcp dport 1-9 return",
        "meta l4proto udp return",
        "counter drop",
    ]


def test_everywhere_is_no_condition_and_exceptions_that_overlap_become_one() -> None:
    block = {"cidr": "0.0.0.0/0", "except": ["10.0.0.0/8", "10.1.0.0/16", "172.16.0.0/12"]}
    text = written({"podSelector": {}, "policyTypes": ["Egress"], "egress": [{"to": [{"ipBlock": block}]}]})
    assert rules(text, "out_10_0_0_1") == ["ip daddr != { 10.0.0.0/8, 172.16.0.0/12 } return", "counter drop"]


def test_peers_that_select_nobody_let_nobody_through() -> None:
    nobody = [{"podSelector": {"matchLabels": {"app": "none"}}}, {"ipBlock": {"cidr": "::/0"}}]
    text = written({"podSelector": {}, "ingress": [{"from": nobody}]})
    assert rules(text, "in_10_0_0_1") == ["counter drop"]
