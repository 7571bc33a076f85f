"""What a cluster catalog lists, and what it asks for."""

import logging
from collections.abc import Set

import pytest
from msgspec import Raw

from gateway.card import Card, card_of_router, encode
from gateway.catalog import Instance
from gateway.records import Listed
from tests.gateway.cluster.api_server import SERVICES, SLICES, ApiServer
from tests.gateway.cluster.fast import following, synced
from tests.gateway.cluster.world import ENDED, ENDING, World, labels, pod
from tests.local.waiting import holds

ALL: Set[Listed] = {"adapter", "tool", "platform"}


def card(kind: Listed = "adapter", name: str = "a", generation: int = 1) -> Card:
    """A card."""
    return Card(kind=kind, name=name, uid="u", generation=generation, created_by="ada")


async def test_the_proxy_hears_of_adapters_and_platform_and_the_router_of_tools_and_nothing_else(
    server: ApiServer, world: World
) -> None:
    world.show(card("adapter"))
    world.show(card("tool", "t"))
    world.show(card_of_router())
    async with following(server) as proxy, following(server, {"tool"}) as router:
        await synced(proxy)
        await synced(router)
        assert proxy.get("adapter", "a")
        assert proxy.get("platform", "toolgateway")
        assert list(proxy.tools()) == []
        assert router.get("adapter", "a") is None
        assert [listing.card.name for listing in router.tools()] == ["t"]
    assert {it.query["labelSelector"] for it in server.asked} == {
        "app.kubernetes.io/managed-by=mcp-gateway,adapter/type in (mcp)",
        "app.kubernetes.io/managed-by=mcp-gateway,adapter/type in (platform)",
        "app.kubernetes.io/managed-by=mcp-gateway,adapter/type in (tool)",
    }


async def test_adapters_and_tools_are_one_question(server: ApiServer, world: World) -> None:
    world.show(card("adapter"))
    world.show(card("tool", "t"))
    async with following(server, {"adapter", "tool"}) as catalog:
        await synced(catalog)
        assert catalog.get("adapter", "a")
        assert catalog.get("tool", "t")
    assert len({it.path for it in server.asked}) == 2


async def test_instances_of_all_slices_are_listed_and_follow_their_pods(server: ApiServer, world: World) -> None:
    world.show(card())
    world.slice("adapter", "a", pod("p1", "10.0.0.1"), port=9000)
    async with following(server) as catalog:
        await synced(catalog)

        def instances() -> tuple[Instance, ...]:
            listing = catalog.get("adapter", "a")
            return listing.instances if listing else ()

        assert instances() == (Instance("p1", "10.0.0.1", 9000),)
        world.slice("adapter", "a", pod("p2", "10.0.0.2"), pod("p1", "10.0.0.1"), number=1)
        await holds(lambda: [it.uid for it in instances()] == ["p1", "p2"])
        world.slice("adapter", "a", pod("p1", "10.0.0.1", ENDING), port=9000)
        world.slice("adapter", "a", pod("p2", "10.0.0.2"), number=1)
        await holds(lambda: [it.ready for it in instances()] == [False, True])
        world.slice("adapter", "a", pod("p1", "10.0.0.1", ENDED), port=9000)
        await holds(lambda: [it.uid for it in instances()] == ["p2"])
        world.unslice("adapter", "a", 1)
        await holds(lambda: instances() == ())


async def test_slices_may_come_before_their_service(server: ApiServer, world: World) -> None:
    world.slice("adapter", "a", pod("p"))
    async with following(server) as catalog:
        await synced(catalog)
        assert catalog.get("adapter", "a") is None
        told: list[str] = []
        catalog.changes(lambda _, name: told.append(name))
        world.show(card())
        await holds(lambda: told == ["a"])
        listing = catalog.get("adapter", "a")
        assert listing
        assert [it.uid for it in listing.instances] == ["p"]


async def test_what_is_hidden_and_shown_again_has_the_instances_of_its_slices(server: ApiServer, world: World) -> None:
    world.show(card())
    world.slice("adapter", "a", pod("p"))
    async with following(server) as catalog:
        await synced(catalog)
        world.hide("adapter", "a")
        await holds(lambda: catalog.get("adapter", "a") is None)
        world.slice("adapter", "a", pod("q"))
        world.show(card(generation=2))

        def uids() -> list[str]:
            listing = catalog.get("adapter", "a")
            return [it.uid for it in listing.instances] if listing else []

        await holds(lambda: uids() == ["q"])


@pytest.mark.parametrize("text", ["", "{", "null", '{"kind":"gadget"}', '{"kind":"adapter","name":"a"}'])
async def test_a_card_that_cannot_be_read_is_not_listed_and_said_once(
    server: ApiServer, world: World, text: str, caplog: pytest.LogCaptureFixture
) -> None:
    world.show(card("adapter", "good"))
    world.show(card(), text=text)
    async with following(server) as catalog:
        await synced(catalog)
        world.show(card(), text=text + " ")
        world.show(card("adapter", "good", 2))
        await holds(lambda: (found := catalog.get("adapter", "good")) is not None and found.card.generation == 2)
        assert catalog.get("adapter", "a") is None
        said = [it.getMessage() for it in caplog.records if it.levelno >= logging.WARNING]
        assert len(said) == 1, said
        assert "adapter/mcp-a is not listed" in said[0]
        world.show(card())
        await holds(lambda: catalog.get("adapter", "a") is not None)


async def test_a_service_without_a_card_is_not_listed(server: ApiServer, world: World) -> None:
    server.put("adapter", SERVICES, "mcp-a", labels("adapter", "a"))
    async with following(server) as catalog:
        await synced(catalog)
        assert catalog.get("adapter", "a") is None


@pytest.mark.parametrize(
    ("namespace", "service"),
    [("adapter", "mcp-b"), ("adapter", "tool-a"), ("mcp-gateway", "a-service"), ("mcp-gateway", "mcp-a")],
)
async def test_a_card_on_another_objects_service_is_not_listed(
    server: ApiServer, namespace: str, service: str, caplog: pytest.LogCaptureFixture
) -> None:
    annotations = {"mcp-gateway/card": encode(card()).decode()}
    kind: Listed = "platform" if namespace == "mcp-gateway" else "adapter"
    server.put(namespace, SERVICES, service, labels(kind, "a"), metadata={"annotations": annotations})
    async with following(server) as catalog:
        await synced(catalog)
        assert catalog.get("adapter", "a") is None
        assert f"{namespace}/{service} is not listed: its card is that of adapter `a`" in caplog.text


async def test_workloads_cannot_pass_for_the_platform(server: ApiServer, world: World) -> None:
    annotations = {"mcp-gateway/card": encode(card_of_router()).decode()}
    marks = labels("adapter", "toolgateway")
    server.put("adapter", SERVICES, "toolgateway-service", marks, metadata={"annotations": annotations})
    async with following(server) as catalog:
        await synced(catalog)
        assert catalog.get("platform", "toolgateway") is None


async def test_a_slice_that_says_no_service_is_nobodys(server: ApiServer, world: World) -> None:
    world.show(card())
    server.put("adapter", SLICES, "lost", labels("adapter", "a"), endpoints=[pod("p")], ports=[{"port": 1}])
    async with following(server) as catalog:
        await synced(catalog)
        listing = catalog.get("adapter", "a")
        assert listing
        assert listing.instances == ()


async def test_a_service_that_loses_our_label_is_gone(server: ApiServer, world: World) -> None:
    world.show(card())
    async with following(server) as catalog:
        await synced(catalog)
        assert catalog.get("adapter", "a")
        server.put("adapter", SERVICES, "mcp-a", {})
        await holds(lambda: catalog.get("adapter", "a") is None)


async def test_a_tools_definition_keeps_its_bytes_and_not_the_text_around_it(server: ApiServer, world: World) -> None:
    shown = card("tool", "t")
    shown.tool = Raw(b'{"name":"t", "x":1e2,"big":123456789012345678901234567890}')
    world.show(shown)
    async with following(server, {"tool"}) as catalog:
        await synced(catalog)
        listing = catalog.get("tool", "t")
        assert listing
        assert listing.card == shown
        assert isinstance(listing.card.tool, Raw)
        assert bytes(listing.card.tool) == bytes(shown.tool)


async def test_synced_is_only_what_has_listed_everything(server: ApiServer, world: World) -> None:
    server.stalls = 1  # one of the four lists is not answered
    async with following(server, ALL) as catalog:
        await holds(lambda: len(server.connections) == 3)
        assert not catalog.synced
    server.recover()
    async with following(server, ALL) as catalog:
        await synced(catalog)
        world.show(card())
        await holds(lambda: catalog.get("adapter", "a") is not None)


async def test_age_is_small_while_the_api_server_is_heard_of(server: ApiServer) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        assert 0 <= catalog.age < 5
