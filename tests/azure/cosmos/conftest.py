"""A container of an account in this process, as the SDK's sync client reaches it."""

from collections.abc import Iterator

import pytest
from azure.cosmos import ContainerProxy, CosmosClient
from azure.identity import ManagedIdentityCredential

from tests.azure.cosmos.access import Grant
from tests.azure.cosmos.account import CosmosAccount
from tests.azure.mock import APPLICATION, Azure, mock_azure


@pytest.fixture
def azure() -> Iterator[Azure]:
    with mock_azure() as made:
        yield made


@pytest.fixture
def account(azure: Azure) -> CosmosAccount:
    """With one container of two partitions, in which the application may write."""
    made = azure.cosmos_account("acct")
    made.container("db", "things", "/owner")
    made.access.grants.append(Grant(APPLICATION.object_id, "contributor"))
    return made


@pytest.fixture
def container(account: CosmosAccount) -> Iterator[ContainerProxy]:
    with CosmosClient(account.url, ManagedIdentityCredential()) as client:
        yield client.get_database_client("db").get_container_client("things")
