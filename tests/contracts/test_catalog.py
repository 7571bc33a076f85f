"""Every sentence of `Catalog` in gateway/catalog.py."""

from gateway.card import card_of
from gateway.catalog import Listing, until
from gateway.records import Listed
from tests.contracts.catalogs import CatalogRig
from tests.contracts.records import adapter, tool
from tests.local.waiting import holds


async def test_a_view_that_was_complete_once_is_synced(shown: CatalogRig) -> None:
    assert shown.catalog.synced


async def test_an_unknown_name_is_none(shown: CatalogRig) -> None:
    assert shown.catalog.get("adapter", "nobody") is None


async def test_a_name_is_listed_with_its_card(shown: CatalogRig) -> None:
    await shown.show(adapter(replica_count=0))
    assert shown.catalog.get("adapter", "one") == Listing(card_of(adapter(replica_count=0)))
    assert shown.catalog.get("tool", "one") is None


async def test_instances_appear_with_an_address_and_a_uid_each(shown: CatalogRig) -> None:
    await shown.show(adapter(replica_count=2))
    listing = await until(shown.catalog, "adapter", "one", lambda found: bool(found and len(found.instances) == 2), 20)
    assert listing
    assert len({instance.uid for instance in listing.instances}) == 2
    assert len({(instance.host, instance.port) for instance in listing.instances}) == 2
    assert all(instance.ready for instance in listing.instances)


async def test_a_dropped_name_is_unknown_at_once_and_dropping_again_is_no_error(shown: CatalogRig) -> None:
    await shown.show(adapter(replica_count=0))
    await shown.drop(adapter())
    assert shown.catalog.get("adapter", "one") is None
    await shown.drop(adapter())


async def test_tools_are_every_tool_ready_or_not_in_the_order_of_their_names(shown: CatalogRig) -> None:
    for name in ("b", "a-1", "c", "a"):
        await shown.show(tool(name, replica_count=0))
    await shown.show(adapter("aa", replica_count=0))
    assert [listing.card.name for listing in shown.catalog.tools()] == ["a", "a-1", "b", "c"]


async def test_each_change_calls_the_listeners_when_it_can_be_seen(shown: CatalogRig) -> None:
    seen: list[tuple[Listed, str, int | None]] = []

    def note(kind: Listed, name: str) -> None:
        listing = shown.catalog.get(kind, name)
        seen.append((kind, name, listing.card.generation if listing else None))

    shown.catalog.changes(note)
    await shown.show(adapter(replica_count=0))
    await shown.show(adapter(replica_count=0, generation=2))
    await shown.drop(adapter())
    assert seen == [("adapter", "one", 1), ("adapter", "one", 2), ("adapter", "one", None)]


async def test_what_changes_nothing_calls_nobody(shown: CatalogRig) -> None:
    await shown.show(adapter(replica_count=0))
    calls: list[str] = []
    shown.catalog.changes(lambda _, name: calls.append(name))
    await shown.show(adapter(replica_count=0))
    assert calls == []


async def test_a_cancelled_listener_is_called_no_more_and_the_others_still_are(shown: CatalogRig) -> None:
    cancelled: list[str] = []
    kept: list[str] = []
    cancel = shown.catalog.changes(lambda _, name: cancelled.append(name))
    shown.catalog.changes(lambda _, name: kept.append(name))
    cancel()
    cancel()
    await shown.show(adapter(replica_count=0))
    assert (cancelled, kept) == ([], ["one"])


async def test_a_listener_may_cancel_itself_while_it_is_called(shown: CatalogRig) -> None:
    calls: list[str] = []

    def once(_: Listed, name: str) -> None:
        calls.append(name)
        cancel()

    cancel = shown.catalog.changes(once)
    await shown.show(adapter("a", replica_count=0))
    await shown.show(adapter("b", replica_count=0))
    await holds(lambda: shown.catalog.get("adapter", "b") is not None)
    assert calls == ["a"]
