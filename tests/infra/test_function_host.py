"""The place where the control plane runs: Flex Consumption, no keys, no passwords, and nobody but the proxies at its door."""

from typing import Any

import pytest

from tests.infra.whole import inputs, one, recorded


def app(kind: str) -> Any:
    return inputs(kind, "WebApp", "app")


def test_pythons_version_is_said_where_flex_consumption_reads_it() -> None:
    flex = app("dev")["functionAppConfig"]
    assert flex["runtime"] == {"name": "python", "version": "3.13"}
    assert inputs("dev", "AppServicePlan")["sku"] == {"name": "FC1", "tier": "FlexConsumption"}
    assert not {"linuxFxVersion", "pythonVersion"} & app("dev")["siteConfig"].keys()


def test_the_zip_is_in_a_container_that_the_identity_reads() -> None:
    storage = app("dev")["functionAppConfig"]["deployment"]["storage"]
    identity = one("dev", "UserAssignedIdentity", "control-plane").id
    assert storage["value"] == "https://mgfnabc123.blob.core.windows.net/deployments"
    assert storage["authentication"]["type"] == "UserAssignedIdentity"
    assert storage["authentication"]["userAssignedIdentityResourceId"] == identity
    assert app("dev")["identity"]["userAssignedIdentities"] == [identity]


@pytest.mark.parametrize("kind", ["dev", "prod", "private"])
def test_storage_has_no_keys_and_the_identity_has_the_hosts_three_roles(kind: str) -> None:
    account = inputs(kind, "StorageAccount")
    assert account["allowSharedKeyAccess"] is False
    assert account["allowBlobPublicAccess"] is False
    assert account["minimumTlsVersion"] == "TLS1_2"
    scope = one(kind, "StorageAccount").id
    principal = one(kind, "UserAssignedIdentity", "control-plane").outputs["principalId"]
    held = [
        each.name
        for each in recorded(kind)
        if each.type.endswith(":RoleAssignment") and each.inputs.get("scope") == scope
    ]
    assert sorted(held) == ["blob", "queue", "table"]
    assert {inputs(kind, "RoleAssignment", name)["principalId"] for name in held} == {principal}


@pytest.mark.parametrize("kind", ["dev", "prod", "private"])
def test_the_app_speaks_tls_only_and_takes_no_passwords(kind: str) -> None:
    made = app(kind)
    assert made["httpsOnly"] is True
    assert made["siteConfig"]["minTlsVersion"] == made["siteConfig"]["scmMinTlsVersion"] == "1.2"
    assert made["siteConfig"]["ftpsState"] == "Disabled"
    for type in ("WebAppScmAllowed", "WebAppFtpAllowed"):
        assert inputs(kind, type)["allow"] is False


def test_one_instance_takes_many_requests_at_once() -> None:
    scale = app("dev")["functionAppConfig"]["scaleAndConcurrency"]
    assert scale["triggers"]["http"]["perInstanceConcurrency"] > 1, "its default is one"


def test_only_the_clusters_subnet_calls_it() -> None:
    site = app("dev")["siteConfig"]
    (rule,) = site["ipSecurityRestrictions"]
    assert rule["vnetSubnetResourceId"] == one("dev", "Subnet", "aks").id
    assert site["ipSecurityRestrictionsDefaultAction"] == "Deny"
    assert "scmIpSecurityRestrictions" not in site
    assert site["scmIpSecurityRestrictionsUseMain"] is False


def test_whoever_builds_the_stack_may_ask_it_too_where_addresses_are_known() -> None:
    site = app("asked")["siteConfig"]
    assert [rule.get("ipAddress") for rule in site["ipSecurityRestrictions"]] == [None, "198.51.100.7/32"]
    assert [rule["ipAddress"] for rule in site["scmIpSecurityRestrictions"]] == ["198.51.100.7/32"]
    assert site["scmIpSecurityRestrictionsDefaultAction"] == "Deny"


def test_a_private_app_is_reached_by_its_endpoint_alone() -> None:
    assert app("private")["publicNetworkAccess"] == "Disabled"
    assert inputs("private", "StorageAccount")["publicNetworkAccess"] == "Disabled"
    zones = {each.inputs["privateZoneName"] for each in recorded("private") if each.type.endswith(":PrivateZone")}
    host = {f"privatelink.{service}.core.windows.net" for service in ("blob", "queue", "table")}
    assert {"privatelink.azurewebsites.net", *host} <= zones
    endpoint = inputs("private", "PrivateEndpoint", "functions")
    assert endpoint["privateLinkServiceConnections"][0]["groupIds"] == ["sites"]


def test_its_traffic_leaves_through_the_network() -> None:
    assert app("prod")["virtualNetworkSubnetId"] == one("prod", "Subnet", "fn").id
    assert app("prod")["outboundVnetRouting"] == {"allTraffic": True}
