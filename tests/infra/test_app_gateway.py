"""The front door: what it listens to, what it lets through unseen, and how long it waits."""

from functools import cache
from typing import Any

import pytest

from infra.app_gateway import AppGateway, AppGatewayArgs
from tests.infra.asked import IDENTITY, VNET, Asked, named, site
from tests.infra.standins.wire import listed

SECRET = "https://mg-kv-team.vault.azure.net/secrets/gateway-2026"
WORKSPACE = "/subscriptions/s/resourceGroups/team-group/providers/Microsoft.OperationalInsights/workspaces/mg-logs-team"


@cache
def door(*, production: bool = False, secret: str | None = SECRET, prevent: bool = False) -> Asked:
    args = AppGatewayArgs(
        site=site(production=production),
        subnet_id=f"{VNET}/subnets/mg-aag-subnet-team",
        backend_address="10.0.1.100",
        certificate_secret_id=secret,
        identity_id=IDENTITY,
        public_host=None,
        workspace_id=WORKSPACE,
        prevent=prevent,
    )
    return Asked(lambda: AppGateway("gateway", args))


def gateway(*, production: bool = False, secret: str | None = SECRET) -> dict[str, Any]:
    return door(production=production, secret=secret).only("ApplicationGateway").inputs


def last(part: dict[str, Any]) -> str:
    """What a reference names."""
    return part["id"].rpartition("/")[2]


@pytest.mark.parametrize("production", [False, True])
def test_http_leads_to_https(production: bool) -> None:
    made = gateway(production=production)
    listeners, rules = named(made["httpListeners"]), named(made["requestRoutingRules"])
    ports = {one["name"]: one["port"] for one in made["frontendPorts"]}
    assert ports == {"http": 80, "https": 443}
    assert {name: one["protocol"] for name, one in listeners.items()} == {"http": "Http", "https": "Https"}
    plain = next(rule for rule in rules.values() if last(rule["httpListener"]) == "http")
    redirect = named(made["redirectConfigurations"])[last(plain["redirectConfiguration"])]
    assert last(redirect["targetListener"]) == "https"
    assert redirect["redirectType"] == "Permanent"
    assert redirect["includePath"] is redirect["includeQueryString"] is True
    assert "backendAddressPool" not in plain


def test_rules_have_priorities_of_their_own() -> None:
    priorities = [rule["priority"] for rule in gateway()["requestRoutingRules"]]
    assert len(priorities) == len(set(priorities)) == 2


@pytest.mark.parametrize("production", [False, True])
def test_streams_are_neither_held_back_nor_cut(production: bool) -> None:
    asked = door(production=production)
    made = asked.only("ApplicationGateway").inputs
    assert made["globalConfiguration"]["enableResponseBuffering"] is False
    assert [one["requestTimeout"] for one in made["backendHttpSettingsCollection"]] == [86_400]
    assert asked.only("PublicIPAddress").inputs["idleTimeoutInMinutes"] == 30


def test_the_proxies_are_asked_whether_they_are_ready() -> None:
    made = gateway()
    probe, backend = made["probes"][0], made["backendHttpSettingsCollection"][0]
    assert (probe["path"], probe["host"]) == ("/ready", "10.0.1.100")
    assert last(backend["probe"]) == probe["name"]
    assert (backend["port"], backend["cookieBasedAffinity"]) == (8000, "Disabled")
    assert made["backendAddressPools"][0]["backendAddresses"] == [{"ipAddress": "10.0.1.100"}]


def test_the_certificate_is_followed_by_the_gateways_own_identity() -> None:
    made = gateway()
    assert [one["keyVaultSecretId"] for one in made["sslCertificates"]] == [SECRET]
    assert made["identity"] == {"type": "UserAssigned", "userAssignedIdentities": [IDENTITY]}
    https = named(made["httpListeners"])["https"]
    assert last(https["sslCertificate"]) == made["sslCertificates"][0]["name"]
    assert made["sslPolicy"]["policyName"] == "AppGwSslPolicy20220101S"


def test_without_a_certificate_there_is_port_80_alone() -> None:
    made = gateway(secret=None)
    assert [one["port"] for one in made["frontendPorts"]] == [80]
    assert [last(rule["backendAddressPool"]) for rule in made["requestRoutingRules"]] == ["proxy"]
    assert not made.get("sslCertificates")
    assert not made.get("redirectConfigurations")


def test_parts_name_parts_that_are_there() -> None:
    for made in (gateway(), gateway(production=True), gateway(secret=None)):
        prefix = "/providers/Microsoft.Network/applicationGateways/mg-aag-team/"
        there = {f"{kind}/{one['name']}" for kind in made for one in listed(made, kind) if "name" in one}
        wanted = {id.partition(prefix)[2] for id in _ids(made) if prefix in id}
        assert wanted
        assert wanted <= there


@pytest.mark.parametrize(("production", "tier"), [(False, "Standard_v2"), (True, "WAF_v2")])
def test_it_scales_by_itself_and_has_a_firewall_in_production(production: bool, tier: str) -> None:
    asked = door(production=production)
    made = asked.only("ApplicationGateway").inputs
    assert made["sku"] == {"name": tier, "tier": tier}
    assert made["autoscaleConfiguration"] == {"minCapacity": 1, "maxCapacity": 3}
    assert bool(made.get("firewallPolicy")) is bool(asked.of("WebApplicationFirewallPolicy")) is production
    assert made.get("zones") == (["1", "2", "3"] if production else None)


@pytest.mark.parametrize(("prevent", "mode"), [(False, "Detection"), (True, "Prevention")])
def test_the_firewall_looks_before_it_stops_anything(prevent: bool, mode: str) -> None:
    policies = door(production=True, prevent=prevent).of("WebApplicationFirewallPolicy")
    assert {one.inputs["policySettings"]["mode"] for one in policies} == {mode}
    assert {one.inputs["policySettings"]["state"] for one in policies} == {"Enabled"}


def test_bodies_that_carry_prompts_and_arguments_are_not_looked_into() -> None:
    asked = door(production=True)
    made = asked.only("ApplicationGateway").inputs
    policies = {one.id: one.inputs["policySettings"] for one in asked.of("WebApplicationFirewallPolicy")}
    https = next(rule for rule in made["requestRoutingRules"] if last(rule["httpListener"]) == "https")
    assert https["ruleType"] == "PathBasedRouting"
    paths = named(made["urlPathMaps"])[last(https["urlPathMap"])]["pathRules"]
    assert [sorted(rule["paths"]) for rule in paths] == [
        ["/adapters/*", "/mcp", "/mcp/*", "/sessions", "/sessions/*"],
    ]
    open_policy = policies[paths[0]["firewallPolicy"]["id"]]
    assert open_policy["requestBodyCheck"] is open_policy["requestBodyEnforcement"] is False
    assert policies[made["firewallPolicy"]["id"]]["requestBodyCheck"] is True


def test_the_firewalls_log_is_kept_without_what_is_secret() -> None:
    asked = door(production=True)
    setting = asked.only("DiagnosticSetting").inputs
    assert [(one["category"], one["enabled"]) for one in setting["logs"]] == [("ApplicationGatewayFirewallLog", True)]
    assert setting["workspaceId"] == WORKSPACE
    for policy in asked.of("WebApplicationFirewallPolicy"):
        rules = policy.inputs["policySettings"]["logScrubbing"]["scrubbingRules"]
        assert {rule["selector"] for rule in rules} == {"Authorization", "Mcp-Session-Id", "session_id"}


def test_its_name_is_the_label() -> None:
    assert door().only("PublicIPAddress").inputs["dnsSettings"] == {"domainNameLabel": "team"}


def _ids(value: Any) -> list[str]:
    """Every id that is written down anywhere in it."""
    if isinstance(value, dict):
        found: dict[str, Any] = value  # pyright: ignore[reportUnknownVariableType] JSON
        own = [found["id"]] if isinstance(found.get("id"), str) else []
        return [*own, *(id for part in found.values() for id in _ids(part))]
    if isinstance(value, list):
        parts: list[Any] = value  # pyright: ignore[reportUnknownVariableType] JSON
        return [id for part in parts for id in _ids(part)]
    return []
