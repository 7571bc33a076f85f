"""The account: made without a loop, connected once by whoever comes first, and no worse for those who go away."""

import asyncio
import subprocess
import sys

import pytest

from gateway.azure.cosmos.account import Account, opened
from gateway.azure.cosmos.store import CosmosStore, catalog, cosmos_store
from gateway.env import SettingsError
from gateway.errors import Unavailable
from gateway.records import Record
from tests.azure.cloud import Cloud
from tests.azure.cosmos.refusal import refused
from tests.azure.faults import SILENT, Fault
from tests.contracts.records import adapter
from tests.gateway.azure.cosmos.reached import CATALOG, account, reached
from tests.local.waiting import holds

_CONTAINER = "GET /dbs/McpGatewayDb/colls/CatalogContainer"


def test_made_where_no_loop_runs_it_serves_the_loop_that_asks(cloud: Cloud) -> None:
    """As the Functions worker does: it imports, and only later serves."""
    made = Account.from_env(cloud.records())
    assert cloud.cosmos.asked == []

    async def ask(name: str) -> None:
        await catalog(made).add(adapter(name))
        await made.close()

    asyncio.run(ask("one"))
    asyncio.run(ask("two"))  # and another loop, after that one


def test_the_store_of_a_host_that_closes_nothing_is_made_by_one_call(cloud: Cloud) -> None:
    store = cosmos_store(cloud.records())
    assert isinstance(store, CosmosStore)
    assert cloud.cosmos.asked == []


def test_what_is_set_wrongly_is_refused_before_anybody_asks(cloud: Cloud) -> None:
    for name in ("CosmosSettings__AccountEndpoint", "AZURE_TENANT_ID"):
        with pytest.raises(SettingsError, match=name):
            cosmos_store({**cloud.records(), name: ""})


def test_importing_the_store_imports_no_sdk() -> None:
    code = "import sys, gateway.azure.cosmos.store, gateway.azure.cosmos.journal, gateway.azure.credentials; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    heavy = [name for name in done.stdout.split() if name.split(".")[0] in ("azure", "aiohttp", "msal", "cryptography")]
    assert heavy == []


async def test_all_who_ask_at_once_share_one_connecting(cloud: Cloud) -> None:
    async with reached(cloud.records()) as made:
        stores = [catalog(made) for _ in range(20)]
        assert await asyncio.gather(*(store.get("one") for store in stores)) == [None] * 20
        assert cloud.entra.asked == 1
        assert cloud.cosmos.asked.count("GET /") <= 2  # the SDK looks a second time whether it is well


async def test_the_container_is_looked_for_once(cloud: Cloud) -> None:
    async with reached(cloud.records()) as made:
        store = catalog(made)
        for _ in range(3):
            await store.get("one")
        assert cloud.cosmos.asked.count(_CONTAINER) == 1


async def test_one_who_goes_away_while_it_connects_takes_nothing_from_the_others(cloud: Cloud) -> None:
    async with reached(cloud.records(), answer=5) as made:
        store = catalog(made)
        first, second = asyncio.create_task(store.get("a")), asyncio.create_task(store.get("b"))
        await holds(lambda: cloud.entra.asked > 0)
        first.cancel()
        assert await second is None
        assert first.cancelled()


async def test_a_connecting_that_failed_is_begun_anew(cloud: Cloud) -> None:
    async with reached(cloud.records()) as made:
        store = catalog(made)
        await _fails_once(cloud, store)
        assert await store.get("one") is None


async def test_a_write_that_waits_can_be_cancelled(cloud: Cloud) -> None:
    async with reached(cloud.records(), answer=5) as made:
        store = catalog(made)
        await store.get("one")
        cloud.cosmos.faults.add(SILENT, method="POST", path=CATALOG)
        adding = asyncio.create_task(store.add(adapter()))
        await holds(lambda: cloud.cosmos.faults.met == 1)
        adding.cancel()
        await asyncio.wait([adding], timeout=2)
        assert adding.cancelled()
        cloud.cosmos.faults.end()
        await store.add(adapter())


async def test_closing_ends_a_connecting_that_is_under_way(cloud: Cloud) -> None:
    cloud.cosmos.faults.add(SILENT, 9)
    made = account(cloud.records(), answer=5)
    asking = asyncio.create_task(catalog(made).get("one"))
    await holds(lambda: cloud.cosmos.faults.met == 1)
    await made.close()
    cloud.cosmos.faults.end()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_closed_it_may_be_closed_again_and_asked_again(cloud: Cloud) -> None:
    async with opened(cloud.records()) as made:
        store = catalog(made)
        etag = await store.add(adapter())
        await made.close()
        await made.close()
        found = await store.get("one")
        assert found
        assert found.etag == etag


async def test_hundreds_of_writes_at_once_are_all_made(cloud: Cloud) -> None:
    async with reached(cloud.records(), patience=20, answer=15) as made:
        store = catalog(made)
        await asyncio.gather(*(store.add(adapter(f"n{number:03}")) for number in range(150)))
        assert [found.record.id for found in await store.all()] == [f"n{number:03}" for number in range(150)]


async def _fails_once(cloud: Cloud, store: CosmosStore[Record]) -> None:
    cloud.cosmos.faults.add(Fault(refused(401, "no")), 99)
    with pytest.raises(Unavailable):
        await store.get("one")
    cloud.cosmos.faults.end()
