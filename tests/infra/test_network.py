"""The network: who may enter which part of it, and by which address what is in it leaves."""

from functools import cache

import pytest

from infra.network import Network, NetworkArgs
from tests.infra.asked import Asked, named, site
from tests.infra.standins.wire import listed


@cache
def network(*, production: bool = False, private: bool = False, nat: bool | None = None) -> Asked:
    args = NetworkArgs(site=site(production=production, private=private), nat=nat)
    return Asked(lambda: Network("network", args))


def test_subnets_are_those_of_the_address_plan() -> None:
    subnets = {one.inputs["subnetName"]: one.inputs["addressPrefix"] for one in network().of("Subnet")}
    assert subnets == {
        "mg-aks-subnet-team": "10.0.1.0/24",
        "mg-aag-subnet-team": "10.0.2.0/24",
        "mg-pe-subnet-team": "10.0.3.0/24",
        "mg-fn-subnet-team": "10.0.4.0/24",
    }


def test_the_proxy_has_an_address_among_the_nodes() -> None:
    assert Network.proxy_address == "10.0.1.100"


def test_only_functions_have_a_subnet_of_their_own_delegation() -> None:
    delegated = {one.name: listed(one.inputs, "delegations") for one in network().of("Subnet")}
    assert [one["serviceName"] for one in delegated.pop("fn")] == ["Microsoft.App/environments"]
    assert not any(delegated.values())


def test_application_gateway_is_let_live() -> None:
    rules = named(network().only("NetworkSecurityGroup", "aag").inputs["securityRules"])
    admitted = {
        (rule["sourceAddressPrefix"], rule["destinationPortRange"])
        for rule in rules.values()
        if rule["access"] == "Allow" and rule["direction"] == "Inbound"
    }
    assert admitted == {
        ("GatewayManager", "65200-65535"),
        ("AzureLoadBalancer", "*"),
        ("Internet", "80"),
        ("Internet", "443"),
    }


@pytest.mark.parametrize("short", ["aks", "pe", "fn"])
def test_the_internet_enters_nowhere_else(short: str) -> None:
    rules = network().only("NetworkSecurityGroup", short).inputs["securityRules"]
    assert [(rule["access"], rule["sourceAddressPrefix"], rule["destinationPortRange"]) for rule in rules] == [
        ("Deny", "Internet", "*")
    ]


def test_every_subnet_has_a_security_group_of_its_own() -> None:
    asked = network()
    groups = {one.name: one.id for one in asked.of("NetworkSecurityGroup")}
    assert {one.name: one.inputs["networkSecurityGroup"]["id"] for one in asked.of("Subnet")} == groups


def test_subnets_are_made_one_after_the_other() -> None:
    asked = network()
    for earlier, later in zip(("aks", "aag", "pe"), ("aag", "pe", "fn"), strict=True):
        assert asked.only("Subnet", earlier).urn in asked.only("Subnet", later).dependencies


@pytest.mark.parametrize(
    ("production", "nat", "expected"),
    [(True, None, True), (False, None, False), (False, True, True), (True, False, False)],
)
def test_a_nat_gateway_is_there_in_production_or_where_it_is_asked_for(
    production: bool, nat: bool | None, expected: bool
) -> None:
    asked = network(production=production, nat=nat)
    assert len(asked.of("NatGateway")) == expected
    leaving = {one.name for one in asked.of("Subnet") if one.inputs.get("natGateway")}
    assert leaving == ({"aks", "fn"} if expected else set())


def test_what_leaves_has_one_way_out_and_what_does_not_has_none() -> None:
    ways = {one.name: one.inputs["defaultOutboundAccess"] for one in network().of("Subnet")}
    assert ways == {"aks": True, "aag": False, "pe": False, "fn": True}
    ways = {one.name: one.inputs["defaultOutboundAccess"] for one in network(production=True).of("Subnet")}
    assert not any(ways.values())


def test_build_agents_of_a_private_registry_can_leave() -> None:
    endpoints = network(production=True, private=True).only("Subnet", "pe")
    assert endpoints.inputs["natGateway"]


@pytest.mark.parametrize(("private", "expected"), [(False, ["Microsoft.Web"]), (True, [])])
def test_functions_know_the_nodes_where_no_private_endpoint_leads_to_them(private: bool, expected: list[str]) -> None:
    nodes = network(private=private).only("Subnet", "aks")
    assert [one["service"] for one in listed(nodes.inputs, "serviceEndpoints")] == expected


@pytest.mark.parametrize(("production", "zones"), [(True, ["1", "2", "3"]), (False, None)])
def test_the_address_is_in_all_zones_in_production(production: bool, zones: list[str] | None) -> None:
    address = network(production=production, nat=True).only("PublicIPAddress")
    assert address.inputs.get("zones") == zones
    assert address.inputs["publicIPAllocationMethod"] == "Static"
