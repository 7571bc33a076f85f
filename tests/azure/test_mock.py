"""mock_azure as tests use it: the SDKs of Entra, Key Vault and Resource Manager, sync and async, believe it."""

import time
from collections.abc import Iterator

import jwt
import pytest
import requests
from azure.core.exceptions import (
    ClientAuthenticationError,
    HttpResponseError,
    ResourceNotFoundError,
    ServiceRequestError,
)
from azure.identity import ClientSecretCredential, ManagedIdentityCredential
from azure.identity.aio import ManagedIdentityCredential as AsyncManagedIdentityCredential
from azure.keyvault.secrets import SecretClient
from azure.keyvault.secrets.aio import SecretClient as AsyncSecretClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.resources.models import GenericResource, ResourceGroup

from tests.azure.faults import CUT
from tests.azure.mock import APPLICATION, Azure, mock_azure

VAULT = "https://v.vault.azure.net"
SCOPE = "https://management.azure.com/.default"


@pytest.fixture
def azure() -> Iterator[Azure]:
    with mock_azure() as made:
        yield made


@mock_azure()
def test_as_a_decorator_it_hands_over_the_cloud(azure: Azure) -> None:
    token = ManagedIdentityCredential().get_token(SCOPE)
    assert _claims(token.token)["oid"] == APPLICATION.object_id
    assert azure.asked[-1] == "GET 169.254.169.254/metadata/identity/oauth2/token"


@mock_azure()
async def test_as_a_decorator_it_awaits(azure: Azure) -> None:
    async with AsyncManagedIdentityCredential() as credential:
        assert (await credential.get_token(SCOPE)).token
    assert azure.imds.asked == 1


@pytest.mark.parametrize("given", [1, 2])
@mock_azure()
def test_as_a_decorator_it_leaves_the_other_arguments(azure: Azure, given: int, tmp_path: object) -> None:
    assert azure.asked == []
    assert given in (1, 2)
    assert tmp_path


def test_after_it_nothing_is_answered_any_more() -> None:
    with mock_azure() as azure:
        azure.key_vault("v")
    with pytest.raises(requests.exceptions.ConnectionError):
        requests.get("https://v.vault.azure.invalid/secrets", timeout=5)


def test_secret_of_an_application_is_checked(azure: Azure) -> None:
    tenant = azure.provider.tenant
    good = ClientSecretCredential(tenant, APPLICATION.client_id, APPLICATION.secret)
    assert _claims(good.get_token(SCOPE).token)["oid"] == APPLICATION.object_id
    with pytest.raises(ClientAuthenticationError, match="AADSTS7000215"):
        ClientSecretCredential(tenant, APPLICATION.client_id, "wrong").get_token(SCOPE)


def test_host_that_is_not_in_this_cloud_is_not_reached(azure: Azure) -> None:
    with pytest.raises(ServiceRequestError):
        SecretClient("https://other.vault.azure.net", ManagedIdentityCredential(), retry_total=0).get_secret("x")


def test_secrets_are_set_read_listed_and_removed(azure: Azure) -> None:
    vault = azure.key_vault("v")
    with SecretClient(VAULT, ManagedIdentityCredential()) as client:
        first = client.set_secret("name", "one", tags={"a": "b"})
        client.set_secret("name", "two")
        client.set_secret("other", "three")
        assert client.get_secret("name").value == "two"
        assert client.get_secret("name", first.properties.version).value == "one"
        assert [each.name for each in client.list_properties_of_secrets()] == ["name", "other"]
        assert len(list(client.list_properties_of_secret_versions("name"))) == 2
        with pytest.raises(ResourceNotFoundError):
            client.get_secret("nobody")
    assert [each.value for each in vault.secrets["name"]] == ["one", "two"]
    # Asked without a token first, it said where to get one.
    assert azure.asked[0] == azure.asked[2] == "PUT v.vault.azure.net/secrets/name"


async def test_async_clients_are_answered_too(azure: Azure) -> None:
    azure.key_vault("v")
    async with AsyncManagedIdentityCredential() as credential, AsyncSecretClient(VAULT, credential) as client:
        await client.set_secret("name", "one")
        assert (await client.get_secret("name")).value == "one"


def test_cut_connection_is_one_to_the_sdk(azure: Azure) -> None:
    azure.key_vault("v").faults.add(CUT)
    with SecretClient(VAULT, ManagedIdentityCredential(), retry_total=0) as client, pytest.raises(ServiceRequestError):
        client.get_secret("name")


def test_resources_live_in_a_group_and_go_with_it(azure: Azure) -> None:
    client = ResourceManagementClient(ManagedIdentityCredential(), "sub", polling_interval=0)
    client.resource_groups.create_or_update("g", ResourceGroup(location="westeurope", tags={"a": "b"}))
    assert [group.name for group in client.resource_groups.list()] == ["g"]
    assert client.resource_groups.check_existence("g")
    assert not client.resource_groups.check_existence("h")
    made = client.resources.begin_create_or_update(
        *_ACCOUNT, GenericResource(location="westeurope"), api_version=_VERSION
    ).result()
    assert (made.name, made.type) == ("a", "Microsoft.Storage/storageAccounts")
    assert [each.name for each in client.resources.list_by_resource_group("g")] == ["a"]
    client.resource_groups.begin_delete("g").result()
    assert azure.resource_manager.resources == {}


def test_work_that_takes_a_while_is_followed_to_its_end_without_waiting(azure: Azure) -> None:
    azure.resource_manager.rounds = 2
    client = ResourceManagementClient(ManagedIdentityCredential(), "sub", polling_interval=0)
    client.resource_groups.create_or_update("g", ResourceGroup(location="westeurope"))
    begun = time.monotonic()
    made = client.resources.begin_create_or_update(
        *_ACCOUNT, GenericResource(location="westeurope"), api_version=_VERSION
    ).result()
    assert made.name == "a"
    client.resource_groups.begin_delete("g").result()
    assert time.monotonic() - begun < 10
    assert sum("/operations/" in asked for asked in azure.asked) >= 4


def test_what_is_not_there_is_said_as_the_real_one_does(azure: Azure) -> None:
    client = ResourceManagementClient(ManagedIdentityCredential(), "sub", polling_interval=0)
    with pytest.raises(ResourceNotFoundError, match="ResourceGroupNotFound"):
        client.resource_groups.get("g")
    with pytest.raises(HttpResponseError, match="ResourceGroupNotFound"):
        client.resources.begin_create_or_update(*_ACCOUNT, GenericResource(location="westeurope"), api_version=_VERSION)


_VERSION = "2024-01-01"
_ACCOUNT = ("g", "Microsoft.Storage", "", "storageAccounts", "a")


def _claims(token: str) -> dict[str, object]:
    return jwt.decode(token, options={"verify_signature": False})
