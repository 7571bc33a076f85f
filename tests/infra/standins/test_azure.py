"""The stand-in for Azure as a world: what exists can be named, what is named stays, and what is gone is gone. No engine here."""

from pathlib import Path

import pytest

from tests.infra.standins.azure import Azure
from tests.infra.standins.ids import guid
from tests.infra.standins.package import Found, Refused
from tests.infra.standins.state import State
from tests.infra.standins.wire import UNKNOWN, Json

GROUP, NETWORK, SUBNET = "resources:ResourceGroup", "network:VirtualNetwork", "network:Subnet"
IDENTITY, ROLE, GATEWAY = (
    "managedidentity:UserAssignedIdentity",
    "authorization:RoleAssignment",
    "network:ApplicationGateway",
)


class World:
    """A subscription of a test; resources by short type."""

    def __init__(self, folder: Path) -> None:
        self.state = State(folder)
        self.azure = Azure(self.state)

    def make(self, type: str, **inputs: object) -> str:
        """The id."""
        given: Json = {"resourceGroupName": "group", **inputs}
        return self.azure.make(f"azure-native:{type}", "urn", given).id

    def remove(self, type: str, id: str) -> None:
        self.azure.remove(f"azure-native:{type}", id)


@pytest.fixture
def world(tmp_path: Path) -> World:
    made = World(tmp_path)
    made.make(GROUP, location="westeurope")
    return made


def test_what_stands_in_nothing_is_refused(world: World) -> None:
    with pytest.raises(Refused, match="resourceGroups/nowhere does not exist"):
        world.make(NETWORK, resourceGroupName="nowhere", virtualNetworkName="a")
    with pytest.raises(Refused, match="virtualNetworks/a does not exist"):
        world.make(SUBNET, virtualNetworkName="a", subnetName="b")


def test_what_is_named_must_exist_and_stays_while_it_is(world: World) -> None:
    network = world.make(NETWORK, virtualNetworkName="a")
    missing = f"{network.partition('/virtualNetworks')[0]}/natGateways/n"
    with pytest.raises(Refused, match="natGateways/n does not exist"):
        world.make(SUBNET, virtualNetworkName="a", subnetName="b", natGateway={"id": missing})
    subnet = world.make(SUBNET, virtualNetworkName="a", subnetName="b")
    with pytest.raises(Refused, match=r"is still used by .*subnets/b"):
        world.remove(NETWORK, network)
    world.remove(SUBNET, subnet)
    world.remove(NETWORK, network)
    assert [(event.verb, event.type) for event in world.state.journal()][-3:] == [
        ("refused", f"azure-native:{NETWORK}"),
        ("removed", f"azure-native:{SUBNET}"),
        ("removed", f"azure-native:{NETWORK}"),
    ]


def test_a_role_is_given_to_somebody_who_exists_and_outlives_nobody(world: World) -> None:
    identity = world.make(IDENTITY, resourceName="one")
    role = {"scope": identity, "roleAssignmentName": guid("a"), "roleDefinitionId": "/role"}
    with pytest.raises(Refused, match="no principal"):
        world.make(ROLE, **role, principalId=guid("nobody"))
    found = world.azure.read(f"azure-native:{IDENTITY}", identity, Found({}, {}))
    assert found
    given = world.make(ROLE, **role, principalId=found.outputs["principalId"])
    with pytest.raises(Refused, match="is still used by"):
        world.remove(IDENTITY, identity)
    world.remove(ROLE, given)
    world.remove(IDENTITY, identity)


def test_a_part_of_a_gateway_is_one_that_it_has(world: World) -> None:
    own = world.make(GROUP, resourceGroupName="other", location="westeurope").replace("other", "group")
    gateway = f"{own}/providers/Microsoft.Network/applicationGateways/front"
    rules = [{"name": "all", "httpListener": {"id": f"{gateway}/httpListeners/http"}}]
    with pytest.raises(Refused, match="httpListeners/http does not exist"):
        world.make(GATEWAY, applicationGatewayName="front", requestRoutingRules=rules)
    listeners = [{"name": "http"}]
    assert (
        world.make(GATEWAY, applicationGatewayName="front", requestRoutingRules=rules, httpListeners=listeners)
        == gateway
    )


def test_nothing_is_made_twice_and_nothing_changed_that_is_not_there(world: World) -> None:
    made = world.make(NETWORK, virtualNetworkName="a")
    with pytest.raises(Refused, match="exists already"):
        world.make(NETWORK, virtualNetworkName="a")
    world.remove(NETWORK, made)
    with pytest.raises(Refused, match="does not exist"):
        world.azure.change(
            f"azure-native:{NETWORK}", "urn", made, {"resourceGroupName": "group", "virtualNetworkName": "a"}
        )


def test_another_name_is_another_resource_but_one_not_known_yet_is_not(world: World) -> None:
    def replaced(name: object) -> list[str]:
        before: Json = {"resourceGroupName": "group", "virtualNetworkName": "a", "tags": {}}
        return world.azure.replacing(
            f"azure-native:{NETWORK}", before, {**before, "virtualNetworkName": name, "tags": {"b": "c"}}
        )

    assert replaced("b") == ["virtualNetworkName"]
    assert replaced("a") == []
    assert replaced(UNKNOWN) == []


def test_a_name_that_is_not_said_is_refused_and_so_is_a_function_that_hands_out_keys(world: World) -> None:
    assert "subnetName: must be set" in world.azure.problems(f"azure-native:{SUBNET}", {"resourceGroupName": "group"})
    with pytest.raises(Refused, match="no stand-in answers azure-native:storage:listStorageAccountKeys"):
        world.azure.invoke("azure-native:storage:listStorageAccountKeys", {})
