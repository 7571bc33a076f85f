"""The account of a test's own cloud, and the catalog's records in it."""

from collections.abc import AsyncGenerator

import pytest

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.journal import CosmosJournal
from gateway.azure.cosmos.store import CosmosStore, catalog
from gateway.records import Record
from tests.azure.cloud import Cloud
from tests.gateway.azure.cosmos.reached import reached


@pytest.fixture
async def account(cloud: Cloud) -> AsyncGenerator[Account]:
    async with reached(cloud.records()) as made:
        yield made


@pytest.fixture
def store(account: Account) -> CosmosStore[Record]:
    return catalog(account)


@pytest.fixture
def journal(account: Account) -> CosmosJournal:
    return CosmosJournal(account)
