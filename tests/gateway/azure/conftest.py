"""A cloud for these tests; each one has an account, and so records and faults, of its own."""

from collections.abc import Generator

import pytest

from tests.azure.cloud import Cloud
from tests.azure.cosmos.account import CosmosAccount
from tests.fakes.identity_provider import IdentityProvider


@pytest.fixture(scope="session")
def shared_cloud(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cloud]:
    """Its keys take a while to make."""
    with IdentityProvider() as provider, Cloud(provider, tmp_path_factory.mktemp("cloud")) as made:
        yield made


@pytest.fixture
def cloud(shared_cloud: Cloud) -> Generator[Cloud]:
    shared_cloud.cosmos = CosmosAccount("cosmos", shared_cloud.cosmos.url, shared_cloud.entra)
    shared_cloud.entra.asked = 0
    yield shared_cloud
    shared_cloud.entra.faults.clear()
    shared_cloud.cosmos.faults.end()
