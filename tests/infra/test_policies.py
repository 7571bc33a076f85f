"""Policies: what must be so in every environment, whoever changes the program. Asked of all that it makes, dev and production."""

from collections.abc import Iterator
from typing import Any, cast

import pytest

from infra.roles import DEFINITIONS
from tests.infra.recording import STACK, Recorded
from tests.infra.standins.azure import Azure
from tests.infra.standins.entra import Entra
from tests.infra.standins.ids import DEPLOYER
from tests.infra.standins.kinds import arm_type
from tests.infra.standins.randoms import Randoms
from tests.infra.standins.state import State
from tests.infra.whole import recorded

KINDS = ("dev", "prod", "private")

# Who may hold which role, and on what. Nothing else is given to anybody; nobody holds one on a group or a subscription.
_ALLOWED = {
    ("the deployer", "Azure Kubernetes Service RBAC Cluster Admin", "Microsoft.ContainerService/managedClusters"),
    ("cluster", "Network Contributor", "Microsoft.Network/virtualNetworks"),
    ("kubelet", "AcrPull", "Microsoft.ContainerRegistry/registries"),
    ("gateway", "Key Vault Secrets User", "Microsoft.KeyVault/vaults"),
    ("control-plane", "Storage Blob Data Owner", "Microsoft.Storage/storageAccounts"),
    ("control-plane", "Storage Queue Data Contributor", "Microsoft.Storage/storageAccounts"),
    ("control-plane", "Storage Table Data Contributor", "Microsoft.Storage/storageAccounts"),
}
# Data actions of Cosmos; the first is what a client needs to find the account's regions, and reads no item.
_NAMES_ONLY = {"Microsoft.DocumentDB/databaseAccounts/readMetadata"}


def of(kind: str, *types: str) -> list[Recorded]:
    """All resources of these types: `network:Subnet`."""
    return [one for one in recorded(kind) if one.custom and one.type.split(":", 1)[1] in types]


def only(kind: str, type: str) -> Any:
    """The inputs of the one resource of that type."""
    (found,) = of(kind, type)
    return found.inputs


@pytest.mark.parametrize("kind", KINDS)
def test_every_input_is_as_azure_entra_and_kubernetes_publish_it(kind: str, tmp_path: Any) -> None:
    packages = {"azure-native": Azure(State(tmp_path)), "azuread": Entra(State(tmp_path)), "random": Randoms()}
    checked = [one for one in recorded(kind) if one.custom and one.type.partition(":")[0] in packages]
    assert len(checked) > 50
    found = {
        f"{one.type} {one.name}: {problem}"
        for one in checked
        for problem in packages[one.type.partition(":")[0]].problems(one.type, one.inputs)
    }
    assert found == set()


def test_a_private_environment_is_reached_through_the_front_door_only() -> None:
    behind = {
        "registry": only("private", "containerregistry:Registry"),
        "Sql": only("private", "cosmosdb:DatabaseAccount"),
        "vault": only("private", "keyvault:Vault")["properties"],
        "sites": only("private", "web:WebApp"),
        "blob": only("private", "storage:StorageAccount"),
    }
    assert {name: one["publicNetworkAccess"] for name, one in behind.items()} == dict.fromkeys(behind, "Disabled")
    endpoints = of("private", "network:PrivateEndpoint")
    groups = [
        group for one in endpoints for link in one.inputs["privateLinkServiceConnections"] for group in link["groupIds"]
    ]
    assert set(behind) <= set(groups)
    server = only("private", "containerservice:ManagedCluster")["apiServerAccessProfile"]
    assert server["enablePrivateCluster"]
    assert not server["enablePrivateClusterPublicFQDN"]
    addresses = {one.inputs["publicIpAddressName"] for one in of("private", "network:PublicIPAddress")}
    assert len(addresses) == 2, f"the front door's and the NAT gateway's: {addresses}"


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_is_read_on_its_way(kind: str) -> None:
    assert only(kind, "cosmosdb:DatabaseAccount")["minimalTlsVersion"] == "Tls12"
    storage, app = only(kind, "storage:StorageAccount"), only(kind, "web:WebApp")
    assert (storage["minimumTlsVersion"], storage["enableHttpsTrafficOnly"]) == ("TLS1_2", True)
    assert app["httpsOnly"]
    assert (app["siteConfig"]["minTlsVersion"], app["siteConfig"]["scmMinTlsVersion"]) == ("1.2", "1.2")
    gateway = only(kind, "network:ApplicationGateway")
    assert gateway["sslPolicy"]["policyName"] in ("AppGwSslPolicy20220101", "AppGwSslPolicy20220101S")
    plain = {one["name"] for one in gateway["httpListeners"] if one["protocol"] == "Http"}
    for rule in gateway["requestRoutingRules"]:
        if rule["httpListener"]["id"].rpartition("/")[2] in plain:
            assert "redirectConfiguration" in rule, "port 80 leads to 443 and nowhere else"
            assert "backendAddressPool" not in rule


@pytest.mark.parametrize("kind", ["prod", "private"])
def test_a_firewall_is_in_front_in_production(kind: str) -> None:
    gateway, policies = only(kind, "network:ApplicationGateway"), of(kind, "network:WebApplicationFirewallPolicy")
    assert gateway["sku"]["tier"] == "WAF_v2"
    assert gateway["firewallPolicy"]["id"] in {policy.id for policy in policies}
    for policy in policies:
        assert policy.inputs["policySettings"]["state"] == "Enabled"
        assert policy.inputs["managedRules"]["managedRuleSets"]


@pytest.mark.parametrize("kind", KINDS)
def test_there_are_no_keys_passwords_or_local_accounts(kind: str) -> None:
    assert only(kind, "cosmosdb:DatabaseAccount")["disableLocalAuth"]
    registry, storage = only(kind, "containerregistry:Registry"), only(kind, "storage:StorageAccount")
    assert (registry["adminUserEnabled"], registry["anonymousPullEnabled"]) == (False, False)
    assert (storage["allowSharedKeyAccess"], storage["allowBlobPublicAccess"]) == (False, False)
    assert only(kind, "keyvault:Vault")["properties"]["enableRbacAuthorization"]
    cluster = only(kind, "containerservice:ManagedCluster")
    assert cluster["disableLocalAccounts"]
    assert (cluster["aadProfile"]["managed"], cluster["aadProfile"]["enableAzureRBAC"]) == (True, True)
    publishing = of(kind, "web:WebAppScmAllowed", "web:WebAppFtpAllowed")
    assert [one.inputs["allow"] for one in publishing] == [False, False]


@pytest.mark.parametrize("kind", KINDS)
def test_nobody_holds_more_than_the_roles_of_the_table(kind: str) -> None:
    names = {id: name for name, id in DEFINITIONS.items()}
    held = {
        (
            _who(kind, one.inputs["principalId"]),
            names[one.inputs["roleDefinitionId"].rpartition("/")[2]],
            arm_type(one.inputs["scope"]),
        )
        for one in of(kind, "authorization:RoleAssignment")
    }
    # A vault of one's own is not this program's to give.
    assert held == {one for one in _ALLOWED if of(kind, "keyvault:Vault") or one[0] != "gateway"}


@pytest.mark.parametrize("kind", KINDS)
def test_items_are_only_reached_container_by_container(kind: str) -> None:
    actions = {
        one.id: {action for permission in one.inputs["permissions"] for action in permission["dataActions"]}
        for one in of(kind, "cosmosdb:SqlResourceSqlRoleDefinition")
    }
    given = of(kind, "cosmosdb:SqlResourceSqlRoleAssignment")
    assert len(given) > 3
    for one in given:
        in_one_container = "/colls/" in one.inputs["scope"]
        assert in_one_container or actions[one.inputs["roleDefinitionId"]] == _NAMES_ONLY, one.name
        assert _who(kind, one.inputs["principalId"]) in ("control-plane", "agents")


@pytest.mark.parametrize("kind", KINDS)
def test_network_policies_bite(kind: str) -> None:
    profile = only(kind, "containerservice:ManagedCluster")["networkProfile"]
    assert (profile["networkPolicy"], profile["networkDataplane"]) == ("cilium", "cilium")
    closed = [
        one.inputs for one in of(kind, "networking.k8s.io/v1:NetworkPolicy") if one.inputs["spec"]["podSelector"] == {}
    ]
    assert {one["metadata"]["namespace"] for one in closed} >= {"adapter", "mcp-gateway"}
    for one in closed:
        assert "ingress" not in one["spec"] or not one["spec"]["ingress"], one["metadata"]


@pytest.mark.parametrize("kind", KINDS)
def test_no_secret_lies_open_in_the_state_or_in_an_output(kind: str) -> None:
    values = set(_secret_values(kind))
    assert len(values) > 3
    open_ = {
        f"{one.type} {one.name}: {path}"
        for one in recorded(kind)
        for held, hidden in ((one.inputs, one.secrets), (one.outputs, one.secret_outputs))
        for path, text in _texts(held)
        if any(value in text for value in values) and not _is_hidden(path, hidden)
    }
    assert open_ == set()
    (stack,) = [one for one in recorded(kind) if one.type == STACK]
    assert stack.secrets == (), "an output is for everybody's eyes"


def _who(kind: str, principal: str) -> str:
    """The component whose identity it is."""
    if principal == DEPLOYER:
        return "the deployer"
    kubelet = only_outputs(kind)["identityProfile"]["kubeletidentity"]["objectId"]
    if principal == kubelet:
        return "kubelet"
    identities = {one.outputs["principalId"]: one.name for one in of(kind, "managedidentity:UserAssignedIdentity")}
    return identities[principal]


def only_outputs(kind: str) -> Any:
    """What Azure says of the cluster."""
    (cluster,) = of(kind, "containerservice:ManagedCluster")
    return cluster.outputs


def _secret_values(kind: str) -> Iterator[str]:
    """Whatever was drawn, every value of a Secret, and what Application Insights hands out."""
    for one in recorded(kind):
        if one.type.endswith((":RandomBytes", ":RandomPassword")):
            yield from (one.outputs[key] for key in ("hex", "base64", "result") if key in one.outputs)
        elif one.type == "kubernetes:core/v1:Secret":
            yield from {**one.inputs.get("data", {}), **one.inputs.get("stringData", {})}.values()
        elif one.type.endswith(":keyvault:Secret"):
            yield one.inputs["properties"]["value"]
        elif one.type.endswith(":Component"):
            yield one.outputs["connectionString"]


def _texts(value: Any, at: str = "") -> Iterator[tuple[str, str]]:
    """Every text in it, and where."""
    if isinstance(value, str):
        yield at, value
        return
    items: dict[Any, Any] = {}
    if isinstance(value, dict):
        items = cast("dict[Any, Any]", value)
    elif isinstance(value, list):
        items = dict(enumerate(cast("list[Any]", value)))
    for name, one in items.items():
        yield from _texts(one, f"{at}.{name}" if at else str(name))


def _is_hidden(path: str, secrets: tuple[str, ...]) -> bool:
    return any(path == one or path.startswith(f"{one}.") for one in secrets)
