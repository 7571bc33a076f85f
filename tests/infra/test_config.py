"""What a stack can be told: read by type, refused by the names of all keys at once."""

import asyncio
from collections.abc import Iterator, Mapping
from contextvars import copy_context
from pathlib import Path
from typing import Any

import msgspec
import pulumi
import pytest
import yaml
from pulumi.runtime import config as ambient

from infra.config import Config, ConfigError
from infra.names import Names

ROOT = Path(__file__).parents[2]
VAULT = "https://some.vault.azure.net/secrets/gateway"
CLIENT = "22222222-2222-2222-2222-222222222222"
FOUNDRY = {
    "foundryEndpoint": "https://models.example.com/",
    "foundryDeployment": "small",
    "foundryResourceId": "/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/a",
}
LOCAL = {"target": "kubernetes", "platform": '{"registry":"r","tag":"t","devIdentity":true}'}


@pytest.fixture(autouse=True)
def loop() -> Iterator[None]:
    """The SDK wants one to be there."""
    made = asyncio.new_event_loop()
    asyncio.set_event_loop(made)
    yield
    made.close()
    asyncio.set_event_loop(None)


def read(**given: str) -> Config:
    def run() -> Config:
        ambient.set_all_config({f"mcp-gateway:{key}": value for key, value in given.items()})
        return Config.read(pulumi.Config("mcp-gateway"))

    return copy_context().run(run)


def refused(**given: str) -> ConfigError:
    with pytest.raises(ConfigError) as caught:
        read(**given)
    return caught.value


def test_nothing_need_be_said() -> None:
    config = read()
    assert (config.target, config.location, config.production, config.private) == ("azure", "westus3", False, False)
    assert config.app_roles == ("mcp.admin", "mcp.engineer")
    assert config.resource_group == "mcpgateway-stack"
    assert config.create_resource_group
    assert config.tls.mode == "selfSigned"
    assert not config.nat


def test_a_group_that_is_named_is_there_already_unless_told_otherwise() -> None:
    assert not read(resourceGroup="Mine").create_resource_group
    assert read(resourceGroup="Mine", createResourceGroup="true").create_resource_group


def test_the_label_is_made_of_the_groups_name() -> None:
    assert read(resourceGroup="RG-My.Gateway_1").label == "rgmygateway1"
    assert refused(resourceGroup="_-_").keys == ("resourceLabel",)


def test_clients_reach_it_under_the_public_host_or_azures_name() -> None:
    assert read(resourceLabel="abc").origin == "https://abc.westus3.cloudapp.azure.com"
    assert read(resourceLabel="abc", tls="none").origin == "http://abc.westus3.cloudapp.azure.com"
    assert read(publicHost="g.example.com", tls="selfSigned").origin == "https://g.example.com"


def test_all_keys_at_fault_are_named_at_once() -> None:
    found = refused(
        location="West US", sessionDays="0", production="yes", resorceGroup="x", appRoles='["a"', tls="some"
    )
    assert set(found.keys) == {"location", "sessionDays", "production", "resorceGroup", "appRoles", "tls"}
    assert "resorceGroup: is no key of this project" in str(found)


@pytest.mark.parametrize(
    ("key", "given"),
    [
        ("target", {"target": "gcp"}),
        ("resourceGroup", {"resourceGroup": "a/b"}),
        ("resourceLabel", {"resourceLabel": "ab"}),
        ("resourceLabel", {"resourceLabel": "a-b-c"}),
        ("resourceLabel", {"resourceLabel": "a" * 31}),
        ("clientId", {"clientId": "gateway"}),
        ("publicHost", {"publicHost": "https://g.example.com"}),
        ("publicHost", {"publicHost": "abc.westus3.cloudapp.azure.com"}),
        ("publicHost", {"tls": "keyVaultSecretId", "keyVaultSecretId": VAULT}),
        ("keyVaultSecretId", {"tls": "keyVaultSecretId", "publicHost": "g.example.com"}),
        (
            "keyVaultSecretId",
            {"tls": "keyVaultSecretId", "publicHost": "g.example.com", "keyVaultSecretId": VAULT + "/1f"},
        ),
        ("tls", {"keyVaultSecretId": VAULT}),
        ("tls", {"production": "true", "enablePrivateEndpoints": "true", "tls": "none"}),
        ("deployerCidrs", {"production": "true"}),
        ("deployerCidrs", {"deployerCidrs": '["10.0.0.1/8"]'}),
        ("deployerCidrs", {"deployerCidrs": "10.0.0.0/8"}),
        ("appRoles", {"appRoles": '["a", "a"]'}),
        ("appRoles", {"appRoles": '[" "]'}),
        ("manageIdentifierUris", {"manageIdentifierUris": "true", "clientId": CLIENT, "publicHost": "g.example.com"}),
        ("manageIdentifierUris", {"manageIdentifierUris": "true"}),
        ("manageIdentifierUris", {"manageIdentifierUris": "true", "publicHost": "g.example.com", "tls": "none"}),
        ("cosmosMode", {"cosmosMode": "free"}),
        ("sizes", {"sizes": '{"userMin": 5, "userMax": 2}'}),
        ("sizes", {"sizes": '{"gatewayMin": 0}'}),
        ("sizes", {"sizes": '{"functionMemory": 1024}'}),
        ("sizes", {"sizes": '{"functionMax": 1001}'}),
        ("sizes", {"sizes": '{"nodes": 3}'}),
        ("sealKeys", {"sealKeys": "[]"}),
        ("sealKeys", {"sealKeys": "[1, 2, 3, 4]"}),
        ("trustKeys", {"trustKeys": "[1, 1]"}),
        ("trustKeys", {"trustKeys": "[1, 2, 3]"}),
        ("platform", {"platform": '{"rate": -1}'}),
        ("platform", {"platform": '{"rates": 1}'}),
        ("platform", {"platform": '{"tag": "1"}'}),
        ("platform", {"target": "kubernetes"}),
        *((key, {other: value for other, value in FOUNDRY.items() if other != key}) for key in FOUNDRY),
    ],
)
def test_what_cannot_be_meant_is_refused_by_name(key: str, given: dict[str, str]) -> None:
    found = refused(**given)
    assert found.keys == (key,)
    assert not str(found).endswith(": ")


def test_there_is_a_nat_gateway_where_an_address_must_be_named() -> None:
    cidrs = '["198.51.100.0/24"]'
    assert read(deployerCidrs=cidrs).nat
    assert read(production="true", deployerCidrs=cidrs).nat
    assert read(production="true", enablePrivateEndpoints="true").nat
    assert not read(enablePrivateEndpoints="true", deployerCidrs=cidrs).nat


def test_agents_are_there_where_they_have_a_model() -> None:
    found = read(**FOUNDRY)
    assert found.agents
    assert found.foundry
    assert found.foundry.deployment == "small"
    assert not read().agents


def test_a_local_stack_needs_nothing_of_azure() -> None:
    assert read(**LOCAL).platform["registry"] == "r"
    assert read(**LOCAL, production="true").target == "kubernetes"


def stack_file(name: str) -> Mapping[str, Any]:
    return yaml.safe_load((ROOT / f"Pulumi.{name}.yaml").read_text())["config"]


@pytest.mark.parametrize("name", ["dev", "prod", "local"])
def test_the_stacks_in_the_repository_can_be_read(name: str) -> None:
    """As the engine hands them on: what is no text as JSON."""
    own = {key.partition(":")[2]: value for key, value in stack_file(name).items() if key.startswith("mcp-gateway:")}
    texts = {
        key: value if isinstance(value, str) else msgspec.json.encode(value).decode() for key, value in own.items()
    }
    config = read(**texts, **({"deployerCidrs": '["198.51.100.7/32"]'} if name == "prod" else {}))
    assert config.production == (name == "prod")
    assert config.target == ("kubernetes" if name == "local" else "azure")


def test_names_are_no_longer_than_their_services_allow() -> None:
    names = Names("a" * 30)
    assert len(names.key_vault) == len(names.function_storage) == 24
    assert max(len(names.registry), len(names.cosmos), len(names.function)) <= 44
    assert names.function_storage.isalnum()
    assert "_" not in names.functions_subnet
    assert Names("abc").identity("proxy") == "mg-identity-abc-proxy"
    with pytest.raises(ValueError, match="portal"):
        names.identity("portal")
