"""Every sentence of `Store` in gateway/store.py."""

import asyncio

import msgspec
import pytest

from gateway.errors import Conflict, NotFound, PreconditionFailed
from gateway.records import Acl, Record, Tool
from gateway.store import Store, Versioned
from tests.contracts.records import adapter, tool


async def test_get_of_an_unknown_id_is_none(store: Store[Record]) -> None:
    assert await store.get("nobody") is None


async def test_get_returns_the_record_as_it_was_written_with_the_etag_that_add_gave(store: Store[Record]) -> None:
    written = adapter(environment_variables={"A": "é\n"}, acl=Acl(read=["r"]), replica_count=0)
    etag = await store.add(written)
    assert await store.get("one") == Versioned(written, etag)


async def test_kinds_come_back_as_what_they_are_and_raw_json_keeps_its_bytes(store: Store[Record]) -> None:
    written = tool()
    await store.add(written)
    found = await store.get("one")
    assert found
    assert isinstance(found.record, Tool)
    assert bytes(found.record.tool_definition.tool) == bytes(written.tool_definition.tool)


async def test_get_and_all_include_tombstones(store: Store[Record]) -> None:
    buried = adapter(deleted_at=adapter().created_at)
    await store.add(buried)
    found = await store.get("one")
    assert found
    assert found.record == buried
    assert [v.record for v in await store.all()] == [buried]


async def test_all_comes_in_the_order_of_ids_whatever_the_order_of_writing(store: Store[Record]) -> None:
    for name in ("b", "a-1", "c", "a", "a1", "b2"):
        await store.add(adapter(name))
    ids = [v.record.id for v in await store.all()]
    assert ids == sorted(ids)
    assert len(ids) == 6


async def test_all_of_nothing_is_empty(store: Store[Record]) -> None:
    assert await store.all() == []


async def test_all_gives_those_above_after_only_and_at_most_limit(store: Store[Record]) -> None:
    for name in "abcde":
        await store.add(adapter(name))
    assert [v.record.id for v in await store.all(after="b")] == ["c", "d", "e"]
    assert [v.record.id for v in await store.all(after="b", limit=2)] == ["c", "d"]
    assert [v.record.id for v in await store.all(after="bb", limit=1)] == ["c"]
    assert await store.all(after="e") == []
    assert [v.record.id for v in await store.all(limit=99)] == list("abcde")


async def test_all_carries_the_etag_of_each_version(store: Store[Record]) -> None:
    etag = await store.add(adapter())
    assert [v.etag for v in await store.all()] == [etag]


async def test_add_of_a_taken_id_is_a_conflict_across_kinds_and_changes_nothing(store: Store[Record]) -> None:
    etag = await store.add(adapter())
    with pytest.raises(Conflict):
        await store.add(tool())
    assert await store.get("one") == Versioned(adapter(), etag)


async def test_add_of_a_tombstones_id_is_a_conflict(store: Store[Record]) -> None:
    await store.add(adapter(deleted_at=adapter().created_at))
    with pytest.raises(Conflict):
        await store.add(adapter())


async def test_of_many_adds_at_once_one_wins(store: Store[Record]) -> None:
    names = [f"uid-{n}" for n in range(8)]
    done = await asyncio.gather(*(store.add(adapter(uid=uid)) for uid in names), return_exceptions=True)
    winners = [uid for uid, result in zip(names, done, strict=True) if isinstance(result, str)]
    assert len(winners) == 1
    assert sum(isinstance(result, Conflict) for result in done) == 7
    found = await store.get("one")
    assert found
    assert found.record.uid == winners[0]


async def test_replace_stores_the_new_version_under_a_new_etag(store: Store[Record]) -> None:
    first = await store.add(adapter())
    changed = adapter(description="new", generation=2)
    second = await store.replace(changed, first)
    assert second != first
    assert await store.get("one") == Versioned(changed, second)


async def test_replace_by_the_same_content_changes_the_etag_too(store: Store[Record]) -> None:
    first = await store.add(adapter())
    assert await store.replace(adapter(), first) != first


async def test_replace_of_another_version_fails_and_changes_nothing(store: Store[Record]) -> None:
    first = await store.add(adapter())
    second = await store.replace(adapter(description="2"), first)
    for stale in (first, "", "nonsense", f'"{second}"'):
        with pytest.raises(PreconditionFailed):
            await store.replace(adapter(description="3"), stale)
    assert await store.get("one") == Versioned(adapter(description="2"), second)


async def test_replace_of_what_is_gone_is_not_found(store: Store[Record]) -> None:
    etag = await store.add(adapter())
    await store.remove("one", etag)
    with pytest.raises(NotFound):
        await store.replace(adapter(), etag)
    assert await store.get("one") is None


async def test_of_many_replaces_of_one_version_one_wins(store: Store[Record]) -> None:
    etag = await store.add(adapter())
    writers = [adapter(description=str(n)) for n in range(8)]
    done = await asyncio.gather(*(store.replace(w, etag) for w in writers), return_exceptions=True)
    winners = [(w, d) for w, d in zip(writers, done, strict=True) if isinstance(d, str)]
    assert len(winners) == 1
    assert sum(isinstance(d, PreconditionFailed) for d in done) == 7
    assert await store.get("one") == Versioned(*winners[0])


async def test_no_update_is_lost_when_writers_read_and_try_again(store: Store[Record]) -> None:
    await store.add(adapter(generation=0))

    async def increment() -> None:
        while True:
            found = await store.get("one")
            assert found
            next_one = msgspec.structs.replace(found.record, generation=found.record.generation + 1)
            try:
                await store.replace(next_one, found.etag)
            except PreconditionFailed:
                continue
            return

    async with asyncio.timeout(20):
        await asyncio.gather(*(increment() for _ in range(6)))
    found = await store.get("one")
    assert found
    assert found.record.generation == 6


async def test_remove_of_that_version_frees_the_id(store: Store[Record]) -> None:
    await store.remove("one", await store.add(adapter()))
    assert await store.get("one") is None
    assert await store.all() == []
    await store.add(tool())


async def test_an_etag_of_an_earlier_life_opens_nothing_in_the_next(store: Store[Record]) -> None:
    old = await store.add(adapter())
    await store.remove("one", old)
    new = await store.add(adapter())
    assert new != old
    with pytest.raises(PreconditionFailed):
        await store.remove("one", old)


async def test_remove_of_another_version_fails_and_changes_nothing(store: Store[Record]) -> None:
    first = await store.add(adapter())
    second = await store.replace(adapter(description="2"), first)
    with pytest.raises(PreconditionFailed):
        await store.remove("one", first)
    assert await store.get("one") == Versioned(adapter(description="2"), second)


async def test_remove_of_what_is_gone_is_no_error(store: Store[Record]) -> None:
    etag = await store.add(adapter())
    await store.remove("one", etag)
    await store.remove("one", etag)
    await store.remove("never-there", "any")


async def test_a_read_sees_every_write_that_was_answered_before(store: Store[Record]) -> None:
    etag = await store.add(adapter(generation=0))
    for generation in range(1, 20):
        etag = await store.replace(adapter(generation=generation), etag)
        found, listed = await asyncio.gather(store.get("one"), store.all())
        assert found
        assert (found.record.generation, found.etag) == (generation, etag)
        assert listed == [found]
