"""The registry: who gets in, and on what its builds run."""

from collections.abc import Mapping
from functools import cache

import pytest

from infra.registry import Registry, RegistryArgs
from tests.infra.asked import INSIDE, SUBNET, VNET, Asked, site

STACKS = [(production, private) for production in (False, True) for private in (False, True)]


@cache
def registry(*, production: bool = False, private: bool = False) -> Asked:
    args = RegistryArgs(site=site(production=production, private=private), inside=INSIDE)
    return Asked(lambda: Registry("registry", args))


@pytest.mark.parametrize(("production", "private"), STACKS)
def test_nobody_gets_in_without_a_role(production: bool, private: bool) -> None:
    asked = registry(production=production, private=private).only("Registry")
    assert asked.inputs["registryName"] == "mgregteam"
    assert asked.inputs["adminUserEnabled"] is False
    assert asked.inputs["anonymousPullEnabled"] is False


@pytest.mark.parametrize(
    ("production", "private", "tier"),
    [(False, False, "Standard"), (False, True, "Premium"), (True, False, "Premium"), (True, True, "Premium")],
)
def test_the_tier_has_what_is_asked_of_it(production: bool, private: bool, tier: str) -> None:
    asked = registry(production=production, private=private).only("Registry")
    assert asked.inputs["sku"] == {"name": tier}
    assert asked.inputs["zoneRedundancy"] == ("Enabled" if production else "Disabled")


@pytest.mark.parametrize(
    ("private", "access", "past"), [(False, "Enabled", "AzureServices"), (True, "Disabled", "None")]
)
def test_a_private_one_is_reached_from_inside_only(private: bool, access: str, past: str) -> None:
    asked = registry(private=private).only("Registry")
    assert (asked.inputs["publicNetworkAccess"], asked.inputs["networkRuleBypassOptions"]) == (access, past)


@pytest.mark.parametrize("production", [False, True])
def test_it_is_protected_in_production(production: bool) -> None:
    assert registry(production=production).only("Registry").protect is production


def test_a_public_one_needs_neither_endpoint_nor_agents() -> None:
    asked = registry()
    assert not asked.of("PrivateEndpoint")
    assert not asked.of("AgentPool")


def test_its_name_leads_inside() -> None:
    asked = registry(private=True)
    zone, endpoint = asked.only("PrivateZone"), asked.only("PrivateEndpoint")
    assert zone.inputs["privateZoneName"] == "privatelink.azurecr.io"
    assert asked.only("VirtualNetworkLink").inputs["virtualNetwork"] == {"id": VNET}
    connection: Mapping[str, object] = endpoint.inputs["privateLinkServiceConnections"][0]
    assert connection["groupIds"] == ["registry"]
    assert connection["privateLinkServiceId"] == asked.only("Registry").id
    assert endpoint.inputs["subnet"]["id"] == SUBNET
    group = asked.only("PrivateDnsZoneGroup")
    assert [one["privateDnsZoneId"] for one in group.inputs["privateDnsZoneConfigs"]] == [zone.id]
    assert asked.only("VirtualNetworkLink").urn in group.dependencies


def test_builds_of_a_private_one_run_inside_once_its_name_leads_there() -> None:
    asked = registry(private=True)
    agents = asked.only("AgentPool")
    assert agents.inputs["virtualNetworkSubnetResourceId"] == SUBNET
    assert asked.only("PrivateDnsZoneGroup").urn in agents.dependencies
