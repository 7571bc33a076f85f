"""The cloud's services on ports of their own, by TLS, as another process meets them: records, secrets, resources."""

from collections.abc import AsyncGenerator

import pytest
from azure.core.credentials_async import AsyncTokenCredential
from azure.core.exceptions import ServiceRequestError
from azure.cosmos.aio import CosmosClient
from azure.identity.aio import ClientSecretCredential
from azure.keyvault.secrets.aio import SecretClient
from azure.mgmt.resource.resources.aio import ResourceManagementClient
from azure.mgmt.resource.resources.models import ResourceGroup

from tests.azure.cloud import APPLICATION, DATABASE, Cloud
from tests.azure.faults import CUT


@pytest.fixture
async def credential(cloud: Cloud) -> AsyncGenerator[AsyncTokenCredential]:
    async with ClientSecretCredential(
        cloud.provider.tenant,
        APPLICATION.client_id,
        APPLICATION.secret,
        authority=cloud.authority,
        connection_verify=str(cloud.ca),
    ) as made:
        yield made


async def test_records_are_kept_by_their_own_client(cloud: Cloud, credential: AsyncTokenCredential) -> None:
    cloud.records()
    async with CosmosClient(cloud.cosmos.url, credential) as client:
        container = client.get_database_client(DATABASE).get_container_client("JournalContainer")
        await container.create_item({"id": "1", "sessionId": "s"})
        found = container.query_items("SELECT VALUE c.id FROM c", partition_key="s")
        assert [each async for each in found] == ["1"]


async def test_secrets_are_kept_by_their_own_client(cloud: Cloud, credential: AsyncTokenCredential) -> None:
    async with SecretClient(
        cloud.vault.url, credential, verify_challenge_resource=False, connection_verify=str(cloud.ca)
    ) as client:
        await client.set_secret("name", "one")
        assert (await client.get_secret("name")).value == "one"


async def test_resources_are_kept_by_their_own_client(cloud: Cloud, credential: AsyncTokenCredential) -> None:
    async with ResourceManagementClient(
        credential,
        "sub",
        base_url=cloud.resource_manager.url,
        credential_scopes=["https://management.azure.com/.default"],
        connection_verify=str(cloud.ca),
        polling_interval=0,
    ) as client:
        await client.resource_groups.create_or_update("g", ResourceGroup(location="westeurope"))
        assert [group.name async for group in client.resource_groups.list()] == ["g"]
        await (await client.resource_groups.begin_delete("g")).result()
    assert cloud.resource_manager.resources == {}


async def test_a_cut_connection_is_one(cloud: Cloud, credential: AsyncTokenCredential) -> None:
    cloud.vault.faults.add(CUT, 9)
    async with SecretClient(cloud.vault.url, credential, connection_verify=str(cloud.ca), retry_total=0) as client:
        with pytest.raises(ServiceRequestError):
            await client.get_secret("name")
