"""The cluster: who gets in, what enforces the policies, and what only production pays for."""

import base64
import json
from typing import Any

import pytest
import yaml

from infra.kubeconfig import AKS_APPLICATION, api_server
from tests.infra.whole import inputs, one, recorded

KINDS = ("dev", "prod", "private")


def cluster(kind: str) -> Any:
    return inputs(kind, "ManagedCluster")


@pytest.mark.parametrize("kind", KINDS)
def test_accounts_are_entras_and_nobody_elses(kind: str) -> None:
    made = cluster(kind)
    assert made["disableLocalAccounts"] is True
    assert made["enableRBAC"] is True
    assert made["aadProfile"]["managed"] is True
    assert made["aadProfile"]["enableAzureRBAC"] is True
    assert made["oidcIssuerProfile"] == {"enabled": True}
    assert made["securityProfile"]["workloadIdentity"] == {"enabled": True}


@pytest.mark.parametrize("kind", KINDS)
def test_cilium_enforces_the_policies_on_an_overlay(kind: str) -> None:
    network = cluster(kind)["networkProfile"]
    assert (network["networkPolicy"], network["networkDataplane"]) == ("cilium", "cilium")
    assert (network["networkPlugin"], network["networkPluginMode"]) == ("azure", "overlay")


@pytest.mark.parametrize("kind", KINDS)
def test_two_pools_scale_by_themselves_and_are_kept_up_to_date(kind: str) -> None:
    made = cluster(kind)
    assert [(pool["name"], pool["mode"], pool["enableAutoScaling"]) for pool in made["agentPoolProfiles"]] == [
        ("system", "System", True),
        ("user", "User", True),
    ]
    assert made["autoUpgradeProfile"]["upgradeChannel"] == "stable"
    assert all("zones" not in pool for pool in made["agentPoolProfiles"])
    assert {"agentPoolProfiles[0].count", "kubernetesVersion"} <= set(one(kind, "ManagedCluster").ignore_changes)


def test_the_api_server_admits_named_addresses_or_is_private() -> None:
    nat = one("prod", "PublicIPAddress", "nat").outputs["ipAddress"]
    access = cluster("prod")["apiServerAccessProfile"]
    assert access["authorizedIPRanges"] == [f"{nat}/32", "198.51.100.0/24"]
    assert cluster("prod")["networkProfile"]["outboundType"] == "userAssignedNATGateway"
    private = cluster("private")["apiServerAccessProfile"]
    assert private["enablePrivateCluster"] is True
    assert private["enablePrivateClusterPublicFQDN"] is False
    assert private["privateDNSZone"] == "system"
    assert "authorizedIPRanges" not in private
    assert all(cluster(kind)["apiServerAccessProfile"]["disableRunCommand"] is True for kind in KINDS)


def test_only_production_pays_for_zones_and_container_insights() -> None:
    for kind, zones in (("dev", None), ("prod", ["1", "2", "3"])):
        assert [pool.get("availabilityZones") for pool in cluster(kind)["agentPoolProfiles"]] == [zones, zones]
    assert "addonProfiles" not in cluster("dev")
    assert cluster("prod")["addonProfiles"]["omsagent"]["enabled"] is True
    rules = [each for each in recorded("prod") if each.type.endswith(":DataCollectionRuleAssociation")]
    assert [each.inputs["resourceUri"] for each in rules] == [one("prod", "ManagedCluster").id]


@pytest.mark.parametrize("kind", KINDS)
def test_the_clusters_own_identities_get_two_roles_and_the_deployer_one(kind: str) -> None:
    made = one(kind, "ManagedCluster")
    network = inputs(kind, "RoleAssignment", "network")
    assert network["principalId"] == one(kind, "UserAssignedIdentity", "cluster").outputs["principalId"]
    assert network["scope"] == one(kind, "VirtualNetwork").id
    pull = inputs(kind, "RoleAssignment", "pull")
    assert pull["principalId"] == made.outputs["identityProfile"]["kubeletidentity"]["objectId"]
    assert pull["scope"] == one(kind, "Registry", "registry").id
    assert inputs(kind, "RoleAssignment", "administrator")["scope"] == made.id
    assert inputs(kind, "RoleAssignment", "administrator")["principalType"] == "User", "the Azure CLI is a person's"


def test_the_engine_signs_in_with_kubelogin_and_keeps_no_secret() -> None:
    provider = one("dev", "kubernetes", "cluster")
    assert "kubeconfig" in provider.secrets
    config = json.loads(provider.inputs["kubeconfig"])
    command = config["users"][0]["user"]["exec"]
    assert command["command"] == "kubelogin"
    assert AKS_APPLICATION in command["args"]
    assert "token" not in config["users"][0]["user"]


def test_the_server_is_read_off_what_azure_hands_out() -> None:
    handed_out = {"clusters": [{"cluster": {"server": "https://a.example:443", "certificate-authority-data": "QQ=="}}]}
    found = api_server(base64.b64encode(yaml.safe_dump(handed_out).encode()).decode())
    assert (found.url, found.certificate_authority) == ("https://a.example:443", "QQ==")
    with pytest.raises(ValueError, match="names no cluster"):
        api_server(base64.b64encode(b"clusters: []").decode())
