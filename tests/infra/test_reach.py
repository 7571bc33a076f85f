"""Who may reach whom: the table of docs/cluster.md against the NetworkPolicies, and what no option may open."""

import re
from ipaddress import IPv4Address, IPv4Network
from pathlib import Path

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from infra.platform import PlatformOptions, platform
from infra.platform.ranges import block
from tests.infra.choices import LARGE, PLAIN, SMALL, VOLUME
from tests.infra.reach import Network, Place, Port

DOCS = Path(__file__).parents[2] / "docs/cluster.md"
API_SERVER = "20.30.40.50"
NAMED = msgspec.structs.replace(PLAIN, api_server=[f"{API_SERVER}/32"])
TCP: tuple[Port, ...] = (("TCP", 53), ("TCP", 443), ("TCP", 5432), ("TCP", 6443), ("TCP", 8000), ("TCP", 9999))
UDP: tuple[Port, ...] = (("UDP", 53), ("UDP", 443), ("UDP", 8000))


def platform_pod(name: str, address: str) -> Place:
    return Place(address, "mcp-gateway", {"app.kubernetes.io/name": name})


def workload(kind: str, address: str) -> Place:
    return Place(address, "adapter", {"adapter/type": kind, "adapter/name": address})


PODS = {
    "proxy": platform_pod("mcpgateway", "10.124.0.10"),
    "router": platform_pod("toolgateway", "10.124.0.11"),
    "control plane": platform_pod("control-plane", "10.124.0.12"),
    "PostgreSQL": platform_pod("postgres", "10.124.0.13"),
    "adapters": workload("mcp", "10.124.0.14"),
    "tools": workload("tool", "10.124.0.15"),
}
STRANGERS = {
    "anything else": Place("10.124.0.16", "default", {"app": "other"}),
    "any address": Place("93.184.216.34"),
    "unlabelled in adapter": Place("10.124.0.17", "adapter"),
    "unlabelled in mcp-gateway": Place("10.124.0.18", "mcp-gateway"),
}
SINKS = {
    "DNS": Place("10.124.0.2", "kube-system", {"k8s-app": "kube-dns"}),
    "API server": Place(API_SERVER),
    "internet": Place("93.184.216.34"),
    "metadata": Place("169.254.169.254"),
    "private addresses": Place("10.9.9.9"),
}


@pytest.fixture(params=[True, False], ids=["blocks are for pods too", "blocks are not for pods"])
def everywhere(request: pytest.FixtureRequest) -> bool:
    """Networks differ in it; nothing here may depend on it."""
    return request.param


def network(options: PlatformOptions, everywhere: bool) -> Network:
    return Network([item for item in platform(options) if item["kind"] == "NetworkPolicy"], everywhere)


def ports(found: Network, source: Place, target: Place) -> str:
    """What the table says: `any`, numbers, or a dash."""
    tcp = [number for protocol, number in TCP if found.reaches(source, target, (protocol, number))]
    return "any" if len(tcp) == len(TCP) else ", ".join(map(str, tcp)) or "–"


def table() -> dict[str, dict[str, str]]:
    """The table of the docs: row → column → ports."""
    _, _, after = DOCS.read_text().partition("\n| from ↓ to → |")
    columns, _, *rows = after.partition("\n\n")[0].splitlines()
    names = _cells(f"|{columns}")
    return {name: dict(zip(names, cells, strict=True)) for name, *cells in map(_cells, rows)}


def _cells(line: str) -> list[str]:
    return [cell.strip(" *") for cell in line.strip("|").split("|")]


def test_the_table_of_the_docs_is_what_the_policies_say(everywhere: bool) -> None:
    found, targets = network(NAMED, everywhere), {**PODS, **SINKS}
    expected = {name: {to: ports(found, pod, target) for to, target in targets.items()} for name, pod in PODS.items()}
    stranger = STRANGERS["anything else"]
    to_pods = {to: ports(found, stranger, target) for to, target in PODS.items()}
    assert table() == {"anybody": {**to_pods, **dict.fromkeys(SINKS, "not ours")}, **expected}


@pytest.mark.parametrize("options", [PLAIN, SMALL, LARGE, NAMED])
@pytest.mark.parametrize("kind", ["adapters", "tools"])
def test_workloads_never_reach_the_platform_each_other_metadata_or_the_api_server(
    options: PlatformOptions, kind: str, everywhere: bool
) -> None:
    found, source = network(options, everywhere), PODS[kind]
    targets = [*PODS.values(), workload("mcp", "10.124.1.1"), workload("tool", "10.124.1.2")]
    targets += [Place("169.254.169.254"), Place("168.63.129.16"), Place("10.0.0.1"), Place("10.123.0.2")]
    targets += [Place(address.split("/")[0]) for address in options.api_server]
    for target in targets:
        for port in (*TCP, *UDP):
            dns = target.address in [address.split("/")[0] for address in options.dns] and port[1] == 53
            assert found.reaches(source, target, port) == dns, (target, port)


@pytest.mark.parametrize("source", [*STRANGERS.values(), *[pod for name, pod in PODS.items() if name != "proxy"]])
def test_only_the_proxy_is_open_and_only_at_its_port(source: Place, everywhere: bool) -> None:
    found = network(PLAIN, everywhere)
    for name in ("adapters", "tools", "router", "control plane", "PostgreSQL"):
        if (source, name) not in [(PODS["router"], "tools"), (PODS["control plane"], "PostgreSQL")]:
            assert ports(found, source, PODS[name]) == "–"
    outside = source.namespace in ("", "default")
    assert ports(found, source, PODS["proxy"]) == ("8000" if outside else "–")


def test_a_front_door_is_the_only_one(everywhere: bool) -> None:
    found = network(SMALL, everywhere)
    assert ports(found, Place("10.123.0.1"), PODS["proxy"]) == "8000"
    assert all(ports(found, stranger, PODS["proxy"]) == "–" for stranger in STRANGERS.values())


def test_resolvers_on_nodes_are_reached_where_they_are_named(everywhere: bool) -> None:
    found, node = network(SMALL, everywhere), Place("10.123.0.2")
    for name in ("proxy", "router", "control plane", "adapters", "tools"):
        assert found.reaches(PODS[name], node, ("UDP", 53)), name
    assert not found.reaches(PODS["PostgreSQL"], node, ("UDP", 53))


def test_an_api_server_that_is_not_named_is_reached_by_those_who_need_it(everywhere: bool) -> None:
    found, server = network(PLAIN, everywhere), Place("10.0.0.1")
    for name, pod in PODS.items():
        expected = "443, 6443" if name in ("proxy", "router", "control plane") else "–"
        assert ports(found, pod, server) == expected, name
        assert ports(found, pod, Place("169.254.169.254")) == "–", name


def test_workloads_go_where_they_are_told(everywhere: bool) -> None:
    private, web = Place("10.20.1.1"), Place("93.184.216.34")
    found = network(LARGE, everywhere)
    assert found.reaches(PODS["tools"], private, ("TCP", 8080))
    assert found.reaches(PODS["tools"], web, ("UDP", 443))
    assert not found.reaches(PODS["tools"], Place("25.1.2.3"), ("TCP", 443))  # a pod, by --pod-range
    closed = network(msgspec.structs.replace(PLAIN, workload_egress=[]), everywhere)
    assert not closed.reaches(PODS["tools"], web, ("TCP", 443))
    assert closed.reaches(PODS["tools"], SINKS["DNS"], ("UDP", 53))


def test_an_external_database_is_the_control_planes_alone(everywhere: bool) -> None:
    found, server = network(LARGE, everywhere), Place("10.9.0.5")
    assert {name for name, pod in PODS.items() if found.reaches(pod, server, ("TCP", 5432))} == {"control plane"}
    assert not found.reaches(PODS["control plane"], Place("10.9.1.5"), ("TCP", 5432))


VERIFIERS = {"proxy", "control plane"}


def reaching(found: Network, target: Place, port: int) -> set[str]:
    """Who of the platform and the workloads reaches it."""
    return {name for name, pod in PODS.items() if found.reaches(pod, target, ("TCP", port))}


def test_those_who_verify_tokens_reach_the_internet_for_keys_and_nothing_private(everywhere: bool) -> None:
    found = network(msgspec.structs.replace(NAMED, workload_egress=[]), everywhere)
    assert reaching(found, SINKS["internet"], 443) == VERIFIERS
    assert reaching(found, SINKS["internet"], 8443) == set()
    for name in ("metadata", "private addresses"):
        assert reaching(found, SINKS[name], 443) == set(), name


def test_an_identity_provider_by_its_address_is_that_address_alone(everywhere: bool) -> None:
    found = network(msgspec.structs.replace(VOLUME, api_server=[f"{API_SERVER}/32"]), everywhere)
    assert reaching(found, Place("10.9.9.9"), 8443) == VERIFIERS
    assert reaching(found, Place("10.9.9.9"), 443) == reaching(found, Place("10.9.9.8"), 8443) == set()
    assert reaching(found, SINKS["internet"], 443) == set()


def test_an_identity_provider_behind_a_service_is_reached_in_its_namespace(everywhere: bool) -> None:
    found = network(LARGE, everywhere)
    assert reaching(found, Place("10.124.2.1", "auth", {"app": "keycloak"}), 8443) == VERIFIERS
    assert reaching(found, Place("10.124.2.2", "other", {"app": "keycloak"}), 8443) == set()


def test_ranges_and_ports_of_an_identity_provider_are_all_there_is(everywhere: bool) -> None:
    options = msgspec.structs.replace(NAMED, issuer_ranges=["10.30.0.0/16"], issuer_ports=[9443], workload_egress=[])
    found = network(options, everywhere)
    assert reaching(found, Place("10.30.1.1"), 9443) == VERIFIERS
    assert reaching(found, Place("10.30.1.1"), 443) == reaching(found, SINKS["internet"], 443) == set()


def test_who_believes_its_callers_asks_no_identity_provider(everywhere: bool) -> None:
    ranges = {"issuer_ranges": ["10.30.0.0/16"], "issuer_ports": [443]}
    found = network(msgspec.structs.replace(SMALL, **ranges), everywhere)
    assert reaching(found, Place("10.30.1.1"), 443) == set()


def test_the_collector_is_reached_by_our_processes_alone(everywhere: bool) -> None:
    ours = {"proxy", "router", "control plane"}
    collector = Place("10.124.3.1", "telemetry", {"app": "collector"})
    assert reaching(network(LARGE, everywhere), collector, 4318) == ours
    assert reaching(network(LARGE, everywhere), collector, 4317) == set()
    assert reaching(network(PLAIN, everywhere), collector, 4318) == set()
    behind = msgspec.structs.replace(LARGE, otlp_ranges=["10.40.0.0/16"], otlp_ports=[14318])
    assert reaching(network(behind, everywhere), Place("10.40.0.1"), 14318) == ours
    assert reaching(network(behind, everywhere), collector, 4318) == set()


def test_every_port_of_a_kind_of_workload_is_reached_by_its_caller_alone(everywhere: bool) -> None:
    found = network(PLAIN, everywhere)
    assert ports(found, PODS["proxy"], PODS["adapters"]) == ports(found, PODS["router"], PODS["tools"]) == "any"
    assert ports(found, PODS["proxy"], PODS["tools"]) == ports(found, PODS["router"], PODS["adapters"]) == "–"
    assert not found.reaches(PODS["proxy"], PODS["adapters"], ("UDP", 8000))


def within(number: int, length: int) -> IPv4Network:
    return IPv4Network((number, length), strict=False)


networks = st.builds(within, st.integers(0, 2**32 - 1), st.integers(0, 32))


@given(networks, st.lists(networks, max_size=6), st.integers(0, 2**32 - 1), st.data())
def test_a_block_is_what_is_allowed_without_what_never_is(
    allowed: IPv4Network, never: list[IPv4Network], number: int, data: st.DataObject
) -> None:
    near = data.draw(st.sampled_from([allowed, *never]))
    address = near[number % near.num_addresses]
    expected = address in allowed and not any(address in network for network in never)
    try:
        made = block(allowed, never)["ipBlock"]
    except ValueError:
        assert not expected
        return
    excluded = [IPv4Network(text) for text in made.get("except", [])]
    assert (address in IPv4Network(made["cidr"]) and not any(address in n for n in excluded)) == expected
    # Kubernetes refuses an exception that is not a part of the block.
    assert all(n.subnet_of(allowed) and n != allowed for n in excluded)
    assert re.fullmatch(r"\S+/\d+", made["cidr"])
    assert isinstance(address, IPv4Address)
