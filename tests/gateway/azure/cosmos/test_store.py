"""What the contract does not say of the Cosmos DB store: pages, the order of bytes, odd ids, what an item looks like, expiry."""

import json
import re
from collections.abc import Callable

import msgspec
import pytest

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.store import CosmosStore, catalog
from gateway.errors import Conflict, Invalid, NotFound, PreconditionFailed
from gateway.records import Record
from tests.azure.cloud import DATABASE, Cloud
from tests.azure.cosmos.container import Container
from tests.contracts.records import adapter, tool
from tests.gateway.azure.cosmos.reached import Note, reached

_HOUR = 3600


def notes(account: Account, container: str = "SessionContainer", ttl: int | None = None) -> CosmosStore[Note]:
    return CosmosStore(account, container, msgspec.json.Decoder(Note).decode, ttl=ttl)


def inside(cloud: Cloud, name: str = "CatalogContainer") -> Container:
    return cloud.cosmos.databases[DATABASE].containers[name]


def put(container: Container, id: str, text: str = "") -> None:
    record = msgspec.json.encode(Note(id, text)).decode()
    container.create({"id": id, "stamp": "s", "record": record}, id)


@pytest.mark.parametrize("ranges", [1, 5])
async def test_thousands_of_records_come_in_pages_in_order_and_none_twice(cloud: Cloud, ranges: int) -> None:
    variables = cloud.records(ranges=ranges)
    ids = [f"n{number * 7919 % 1300:04}" for number in range(1300)]
    for id in ids:
        put(inside(cloud, "SessionContainer"), id)
    async with reached(variables) as account:
        found = [each.record.id for each in await notes(account).all()]
        assert found == sorted(ids)
        assert len(cloud.cosmos.asked) < 15 + 3 * (2 + 2 * ranges)
        cloud.cosmos.asked.clear()
        assert [each.record.id for each in await notes(account).all(after="n1200", limit=2)] == ["n1201", "n1202"]
        assert len(cloud.cosmos.asked) <= 3 + 2 * ranges  # it looks one page ahead


async def test_the_service_may_end_a_page_whenever_it_likes(cloud: Cloud) -> None:
    variables = cloud.records(ranges=3)
    for number in range(30):
        put(inside(cloud, "SessionContainer"), f"n{number:02}")
    cloud.cosmos.longest = 2
    async with reached(variables) as account:
        assert [each.record.id for each in await notes(account).all()] == [f"n{number:02}" for number in range(30)]
        assert len(await notes(account).all(limit=7)) == 7


async def test_nothing_is_asked_for_where_nothing_is_wanted(account: Account, cloud: Cloud) -> None:
    assert await notes(account).all(limit=0) == []
    assert cloud.cosmos.asked == []


async def test_order_is_that_of_bytes(account: Account) -> None:
    store = notes(account)
    for id in ("a", "B", "_", "é", "a-b", "ab", "Z"):
        await store.add(Note(id))
    ids = [found.record.id for found in await store.all()]
    assert ids == sorted(ids, key=str.encode)
    assert [found.record.id for found in await store.all(after="Z", limit=2)] == ["_", "a"]


async def test_containers_do_not_see_each_other(account: Account) -> None:
    one, two = notes(account, "SessionContainer"), notes(account, "AgentContainer")
    etag = await one.add(Note("x", "of one"))
    await two.add(Note("x", "of two"))
    await one.remove("x", etag)
    assert [found.record for found in await two.all()] == [Note("x", "of two")]


@pytest.mark.parametrize("id", ["", ".", "..", "a/b", "../docs/one", "a\\b", "a?b", "a#b", "a\nb", "a ", "x" * 256])
async def test_an_id_that_cannot_be_one_is_nobodys(store: CosmosStore[Record], cloud: Cloud, id: str) -> None:
    etag = await store.add(adapter())
    cloud.cosmos.asked.clear()
    assert await store.get(id) is None
    await store.remove(id, etag)
    # It would be asked for something else. (The SDK reads the account now and then beside it.)
    assert [asked for asked in cloud.cosmos.asked if asked != "GET /"] == []
    with pytest.raises(Invalid, match="id"):
        await store.replace(adapter(id), etag)


@pytest.mark.parametrize("id", ["a b", "é", "%2F", "a%2Fb", "a+b", "a&b=c", ".a", "日本"])
async def test_an_id_may_be_odd(account: Account, id: str) -> None:
    store = notes(account)
    etag = await store.add(Note(id, "1"))
    with pytest.raises(Conflict):
        await store.add(Note(id))
    second = await store.replace(Note(id, "2"), etag)
    found = await store.get(id)
    assert found
    assert found.record == Note(id, "2")
    assert [each.record.id for each in await store.all()] == [id]
    await store.remove(id, second)
    assert await store.get(id) is None


async def test_an_item_is_the_record_as_text_beside_its_id(store: CosmosStore[Record], cloud: Cloud) -> None:
    await store.add(tool(description="é"))
    item = inside(cloud).read("one", "one")
    assert {name for name in item if not name.startswith("_")} == {"id", "stamp", "record"}
    shown = json.loads(item["record"])
    assert (shown["kind"], shown["name"], shown["description"]) == ("tool", "one", "é")
    assert shown["imageName"] == "listens"


async def test_members_of_a_newer_gateway_are_ignored(store: CosmosStore[Record], cloud: Cloud) -> None:
    record = json.loads(msgspec.json.encode(adapter()))
    text = json.dumps({**record, "fromTheFuture": {"a": [1]}})
    inside(cloud).create({"id": "one", "stamp": "s", "record": text, "alsoNew": 1}, "one")
    found = await store.get("one")
    assert found
    assert found.record == adapter()


async def test_an_etag_is_fit_for_a_header(store: CosmosStore[Record]) -> None:
    assert re.fullmatch(r"[0-9a-f-]+", await store.add(adapter()))


@pytest.mark.parametrize("etag", ["*", "é", "a\r\nb", 'a"b', "W/x", "", " "])
async def test_an_odd_etag_matches_nothing(store: CosmosStore[Record], etag: str) -> None:
    first = await store.add(adapter())
    with pytest.raises(PreconditionFailed):
        await store.replace(adapter(generation=2), etag)
    with pytest.raises(PreconditionFailed):
        await store.remove("one", etag)
    found = await store.get("one")
    assert found
    assert found.etag == first


async def test_what_has_expired_is_gone_for_every_verb(account: Account, cloud: Cloud) -> None:
    move = _clock(cloud)
    store = notes(account, ttl=_HOUR)
    first, second = await store.add(Note("a")), await store.add(Note("b"))
    move(_HOUR)
    assert await store.get("a") is None
    assert await store.all() == []
    with pytest.raises(NotFound):
        await store.replace(Note("a"), first)
    assert await store.add(Note("a")) != first
    await store.remove("b", second)
    assert [found.record.id for found in await store.all()] == ["a"]


async def test_a_replace_gives_a_record_its_whole_time_again(account: Account, cloud: Cloud) -> None:
    move = _clock(cloud)
    store = notes(account, ttl=_HOUR)
    etag = await store.add(Note("a"))
    move(_HOUR - 1)
    await store.replace(Note("a"), etag)
    move(_HOUR - 1)
    assert await store.get("a") is not None


async def test_without_a_ttl_a_record_lives_as_long_as_its_container_says(account: Account, cloud: Cloud) -> None:
    move = _clock(cloud)
    session, catalogued = notes(account), notes(account, "CatalogContainer", ttl=_HOUR)
    await session.add(Note("a"))
    await catalogued.add(Note("a"))
    move(29 * 24 * _HOUR)
    assert await session.get("a") is not None
    move(2 * 24 * _HOUR)
    assert await session.get("a") is None
    assert await catalogued.get("a") is not None  # there it is not switched on


async def test_two_processes_share_what_is_stored(cloud: Cloud) -> None:
    variables = cloud.records()
    async with reached(variables) as a, reached(variables) as b:
        etag = await catalog(a).add(adapter())
        second = await catalog(b).replace(adapter(generation=2), etag)
        assert await catalog(a).get("one") == await catalog(b).get("one")
        with pytest.raises(PreconditionFailed):
            await catalog(a).remove("one", etag)
        await catalog(a).remove("one", second)


def _clock(cloud: Cloud) -> Callable[[int], None]:
    now = [1_000_000]
    cloud.cosmos.clock = lambda: now[0]

    def move(seconds: int) -> None:
        now[0] += seconds

    return move
