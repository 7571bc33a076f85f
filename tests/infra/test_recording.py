"""The recorder: what it remembers of a program, and that one run leaves nothing for the next."""

import pulumi
import pulumi_azure_native as azure
import pytest

from tests.infra.recording import STACK, Recorded, record
from tests.infra.small_program import small
from tests.infra.standins.wire import UNKNOWN


@pytest.fixture(scope="module")
def asked() -> dict[str, Recorded]:
    """The small program, by resource name."""
    return {one.name: one for one in record(small, {}) if one.type != "pulumi:providers:kubernetes"}


def test_ids_and_outputs_are_as_azure_gives_them(asked: dict[str, Recorded]) -> None:
    assert asked["subnet"].id.endswith("/virtualNetworks/small-network/subnets/nodes")
    assert asked["cluster"].inputs["agentPoolProfiles"][0]["vnetSubnetID"] == asked["subnet"].id
    assert asked["cluster"].outputs["fqdn"].endswith(".azmk8s.io")


def test_what_a_resource_needs_is_told_by_what_it_uses_and_by_what_it_says(asked: dict[str, Recorded]) -> None:
    assert asked["network"].urn in asked["subnet"].dependencies
    assert asked["space"].urn in asked["secret"].dependencies
    assert "pulumi:providers:kubernetes::cluster" in asked["secret"].provider


def test_secrets_are_told_and_so_are_outputs(asked: dict[str, Recorded]) -> None:
    (stack,) = [one for one in asked.values() if one.type == STACK]
    assert (stack.secrets, set(stack.inputs)) == (("password",), {"password", "subnet"})
    assert any(path.startswith("stringData") for path in asked["secret"].secrets)
    assert len(asked["password"].outputs["result"]) == 32


def test_a_preview_knows_no_ids() -> None:
    asked = {one.name: one for one in record(small, {}, preview=True)}
    assert asked["subnet"].id == ""
    assert asked["subnet"].inputs["virtualNetworkName"] is UNKNOWN


def test_configuration_is_the_runs_own_and_what_a_program_raises_is_raised() -> None:
    def program() -> None:
        pulumi.export("said", pulumi.Config().get("key"))

    assert record(program, {"key": "a"})[0].inputs.get("said") == "a"
    assert record(program, {})[0].inputs.get("said") is None

    def broken() -> None:
        raise ValueError("as it is")

    with pytest.raises(ValueError, match="as it is"):
        record(broken, {})


def test_names_are_said_by_the_program() -> None:
    with pytest.raises(Exception, match="resourceGroupName must be set"):
        record(lambda: azure.resources.ResourceGroup("group"), {})
