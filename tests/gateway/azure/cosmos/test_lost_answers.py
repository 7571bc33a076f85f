"""The service did what it was asked, and the answer was lost: whoever asks again recognises its own write."""

import pytest

from gateway.azure.cosmos.journal import CosmosJournal
from gateway.azure.cosmos.store import CosmosStore
from gateway.errors import Conflict, NotFound, PreconditionFailed, Unavailable
from gateway.records import Record
from gateway.store import Entry, Versioned
from tests.azure.cloud import Cloud
from tests.azure.cosmos.refusal import refused
from tests.azure.faults import CUT, LOST, Fault
from tests.contracts.records import adapter
from tests.gateway.azure.cosmos.reached import CATALOG, JOURNAL

# As a gateway between us and the service has it: something was done, and 503 is what comes back.
DENIED = Fault(refused(503), done=True)


@pytest.mark.parametrize("fault", [CUT, LOST, DENIED])
async def test_an_add_whose_answer_was_lost_took_the_name(
    store: CosmosStore[Record], cloud: Cloud, fault: Fault
) -> None:
    assert await store.all() == []
    cloud.cosmos.faults.add(fault, method="POST", path=CATALOG)
    etag = await store.add(adapter())
    assert cloud.cosmos.faults.met == 1
    assert await store.get("one") == Versioned(adapter(), etag)


async def test_an_add_of_a_taken_name_is_a_conflict_even_if_the_first_answer_was_lost(
    store: CosmosStore[Record], cloud: Cloud
) -> None:
    etag = await store.add(adapter(uid="first"))
    cloud.cosmos.faults.add(LOST, method="POST", path=CATALOG)
    with pytest.raises(Conflict):
        await store.add(adapter(uid="second"))
    assert cloud.cosmos.faults.met == 1
    assert await store.get("one") == Versioned(adapter(uid="first"), etag)


@pytest.mark.parametrize("fault", [CUT, LOST, DENIED])
async def test_a_replace_whose_answer_was_lost_is_done(store: CosmosStore[Record], cloud: Cloud, fault: Fault) -> None:
    first = await store.add(adapter())
    cloud.cosmos.faults.add(fault, method="PUT")
    second = await store.replace(adapter(generation=2), first)
    assert cloud.cosmos.faults.met == 1
    assert await store.get("one") == Versioned(adapter(generation=2), second)


async def test_a_replace_of_another_version_fails_even_if_the_first_answer_was_lost(
    store: CosmosStore[Record], cloud: Cloud
) -> None:
    etag = await store.add(adapter())
    cloud.cosmos.faults.add(LOST, method="PUT")
    with pytest.raises(PreconditionFailed):
        await store.replace(adapter(generation=2), "stale")
    await store.remove("one", etag)
    cloud.cosmos.faults.add(LOST, method="PUT")
    with pytest.raises(NotFound):
        await store.replace(adapter(generation=2), etag)
    assert cloud.cosmos.faults.met == 2


@pytest.mark.parametrize("fault", [CUT, LOST, DENIED])
async def test_a_remove_whose_answer_was_lost_is_done(store: CosmosStore[Record], cloud: Cloud, fault: Fault) -> None:
    etag = await store.add(adapter())
    cloud.cosmos.faults.add(fault, method="DELETE")
    await store.remove("one", etag)
    assert cloud.cosmos.faults.met == 1
    assert await store.get("one") is None


@pytest.mark.parametrize("fault", [CUT, LOST, DENIED])
async def test_an_append_whose_answer_was_lost_is_written_once(
    journal: CosmosJournal, cloud: Cloud, fault: Fault
) -> None:
    assert await journal.after("s", 0) == []
    cloud.cosmos.faults.add(fault, method="POST", path=JOURNAL)
    await journal.append("s", 1, b"mine")
    assert cloud.cosmos.faults.met == 1
    assert await journal.after("s", 0) == [Entry(1, b"mine")]


async def test_an_append_to_a_written_number_is_a_conflict_even_if_the_first_answer_was_lost(
    journal: CosmosJournal, cloud: Cloud
) -> None:
    await journal.append("s", 1, b"same")
    cloud.cosmos.faults.add(LOST, method="POST", path=JOURNAL)
    with pytest.raises(Conflict):
        await journal.append("s", 1, b"same")
    assert cloud.cosmos.faults.met == 1


async def test_a_write_whose_answers_are_lost_twice_is_unavailable_and_says_it_may_have_been_made(
    store: CosmosStore[Record], cloud: Cloud
) -> None:
    assert await store.all() == []
    cloud.cosmos.faults.add(LOST, 2, method="POST", path=CATALOG)
    with pytest.raises(Unavailable, match="may have been made"):
        await store.add(adapter())
    assert cloud.cosmos.faults.met == 2
    assert [found.record for found in await store.all()] == [adapter()]


async def test_a_read_is_asked_once_more(store: CosmosStore[Record], cloud: Cloud) -> None:
    etag = await store.add(adapter())
    cloud.cosmos.faults.add(DENIED, method="GET", path=CATALOG)
    assert await store.get("one") == Versioned(adapter(), etag)
    cloud.cosmos.faults.add(CUT, method="POST", path=CATALOG)
    assert [found.etag for found in await store.all()] == [etag]
    assert cloud.cosmos.faults.met == 2


async def test_a_write_that_cannot_look_whose_the_name_is_may_have_been_made(
    store: CosmosStore[Record], cloud: Cloud
) -> None:
    assert await store.all() == []
    cloud.cosmos.faults.add(LOST, method="POST", path=CATALOG)
    cloud.cosmos.faults.add(DENIED, method="GET", path=CATALOG)
    with pytest.raises(Unavailable, match="may have been made"):
        await store.add(adapter())
    assert [found.record for found in await store.all()] == [adapter()]
