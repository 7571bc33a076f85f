"""What goes wrong between the API server and us, one thing at a time."""

import asyncio
import json
import logging

import msgspec
import pytest

from gateway.card import Card
from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.names import CARD
from gateway.cluster.objects import Service
from gateway.cluster.server import Server
from tests.gateway.cluster.api_server import ApiServer, api_server
from tests.gateway.cluster.fast import PACE, following, synced
from tests.gateway.cluster.world import World, pod
from tests.local.waiting import holds

SERVICES_PATH = "/api/v1/namespaces/adapter/services"


def card(name: str = "a", generation: int = 1) -> Card:
    """The card of an adapter."""
    return Card(kind="adapter", name=name, uid="u", generation=generation, created_by="ada")


def generation(catalog: ClusterCatalog, name: str = "a") -> int:
    """Of the card that is listed; 0 where none is."""
    listing = catalog.get("adapter", name)
    return listing.card.generation if listing else 0


def asked(server: ApiServer, path: str = SERVICES_PATH, *, watch: bool) -> list[dict[str, str]]:
    """The queries of that path so far."""
    return [dict(it.query) for it in server.asked if it.path == path and ("watch" in it.query) == watch]


async def watching(server: ApiServer, count: int = 4) -> None:
    """Returns once so many watches are open."""
    await holds(lambda: len(server.connections) == count)


async def test_lists_page_by_page_and_watches_from_the_lists_version(server: ApiServer, world: World) -> None:
    for name in "abcde":
        world.show(card(name))
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        assert [generation(catalog, name) for name in "abcde"] == [1] * 5
        lists, watches = asked(server, watch=False), asked(server, watch=True)
        assert ["continue" in query for query in lists] == [False, True, True]
        assert {query["limit"] for query in lists} == {"2"}
        assert watches[0]["resourceVersion"] == str(server.version)
        assert watches[0]["allowWatchBookmarks"] == "true"
        assert 216 <= int(watches[0]["timeoutSeconds"]) <= 264


async def test_nothing_is_told_before_the_last_page_is_there(server: ApiServer, world: World) -> None:
    for name in "abcde":
        world.show(card(name))
    seen: list[int] = []
    async with following(server) as catalog:
        server.between_pages = lambda: seen.append(generation(catalog))
        await synced(catalog)
    assert seen == [0, 0]


async def test_a_list_whose_rest_has_expired_is_begun_anew(server: ApiServer, world: World) -> None:
    for name in "abcde":
        world.show(card(name))

    def compact() -> None:
        server.between_pages = None
        server.compact()

    server.between_pages = compact
    async with following(server) as catalog:
        await synced(catalog)
        assert generation(catalog, "e") == 1


async def test_a_watch_that_ends_goes_on_where_it_was_and_nothing_comes_twice(server: ApiServer, world: World) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        told: list[int] = []
        catalog.changes(lambda _, name: told.append(generation(catalog, name)))
        world.show(card(generation=1))
        await holds(lambda: generation(catalog) == 1)
        version = server.version
        server.end()
        world.show(card(generation=2))  # nobody watches at this moment
        world.show(card(generation=3))
        await holds(lambda: generation(catalog) == 3)
        server.repeat()
        world.show(card("z"))
        await holds(lambda: generation(catalog, "z") == 1)
        assert told == [1, 2, 3, 1]
        assert len(asked(server, watch=False)) == 1
        assert int(asked(server, watch=True)[-1]["resourceVersion"]) >= version


async def test_a_watch_that_breaks_off_in_the_middle_of_a_line_loses_nothing(server: ApiServer, world: World) -> None:
    server.chunk = 1
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        world.show(card(generation=1))
        for _ in range(30):
            await asyncio.sleep(0)
        server.cut()
        await holds(lambda: generation(catalog) == 1)
        assert len(asked(server, watch=False)) == 1


async def test_a_huge_card_comes_through_in_small_pieces(server: ApiServer, world: World) -> None:
    server.chunk = 9_000
    roles = [f"role-{number}" for number in range(15_000)]
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        world.show(msgspec.structs.replace(card(), required_roles=roles))
        await holds(lambda: generation(catalog) == 1)
        found = catalog.get("adapter", "a")
        assert found
        assert found.card.required_roles == roles


def _uids(catalog: ClusterCatalog, name: str) -> list[str]:
    listing = catalog.get("adapter", name)
    return [instance.uid for instance in listing.instances] if listing else []


@pytest.mark.parametrize("how", ["in the answer", "as an event"])
async def test_after_410_the_new_list_replaces_what_was_known(server: ApiServer, world: World, how: str) -> None:
    world.show(card("goes"))
    world.show(card("stays"))
    world.slice("adapter", "stays", pod("p"))
    world.slice("adapter", "stays", pod("q"), number=1)
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        told: list[str] = []
        catalog.changes(lambda _, name: told.append(name))
        server.silence()  # so that the watch does not hear of it
        world.hide("adapter", "goes")
        world.unslice("adapter", "stays")
        world.show(card("comes"))
        server.compact()
        for connection in server.connections:
            connection.silent = False
        if how == "as an event":
            server.expire()
        else:
            server.cut()
        await holds(lambda: generation(catalog, "comes") == 1)
        assert generation(catalog, "goes") == 0
        assert generation(catalog, "stays") == 1
        await holds(lambda: _uids(catalog, "stays") == ["q"])
        assert sorted(told) == ["comes", "goes", "stays"], "of what did not change nobody is told"


async def test_a_silent_connection_is_given_up_and_everything_listed_again(server: ApiServer, world: World) -> None:
    async with following(server, pace=msgspec.structs.replace(PACE, silence=0.2)) as catalog:
        await synced(catalog)
        await watching(server)
        server.silence()
        world.show(card())
        await holds(lambda: generation(catalog) == 1)
        assert len(asked(server, watch=False)) >= 2


async def test_bookmarks_are_signs_of_life(server: ApiServer, world: World) -> None:
    async with following(server, pace=msgspec.structs.replace(PACE, silence=0.4)) as catalog:
        await synced(catalog)
        await watching(server)
        loop = asyncio.get_running_loop()
        end = loop.time() + 1.0
        while loop.time() < end:
            server.bookmark()
            await asyncio.sleep(0.05)  # nothing happens, which is what this is about
        assert len(asked(server, watch=False)) == 1
        world.server.version += 5
        server.bookmark()
        server.cut()
        await holds(lambda: asked(server, watch=True)[-1]["resourceVersion"] == str(server.version))


async def test_while_the_api_server_is_away_the_view_stays_and_age_rises(server: ApiServer, world: World) -> None:
    world.show(card())
    world.slice("adapter", "a", pod("p"))
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        assert catalog.age < 5
        server.refusals += [(503, {})] * 10_000
        server.cut()
        world.hide("adapter", "a")
        await holds(lambda: sum("watch" in it.query for it in server.asked) > 12)
        listing = catalog.get("adapter", "a")
        assert listing
        assert [instance.uid for instance in listing.instances] == ["p"]
        assert catalog.synced
        before = catalog.age
        await holds(lambda: catalog.age > before)
        server.recover()
        await holds(lambda: catalog.get("adapter", "a") is None)
        assert len(asked(server, watch=False)) == 1, "it was not away for long enough to list again"


async def test_an_api_server_that_is_not_there_yet_is_waited_for() -> None:
    async with api_server() as gone:
        port = int(gone.url.rpartition(":")[2])
    async with following(gone) as catalog:
        await holds(lambda: catalog.age > 0.05)  # it has been tried
        assert not catalog.synced
        async with api_server(port) as server:
            World(server).show(card())
            await holds(lambda: catalog.synced)
            assert generation(catalog) == 1


async def test_an_answer_that_never_comes_is_not_waited_for_longer_than_a_silence(
    server: ApiServer, world: World
) -> None:
    async with following(server, pace=msgspec.structs.replace(PACE, silence=0.2)) as catalog:
        await synced(catalog)
        await watching(server)
        server.stalls = 4
        server.cut()
        world.show(card())
        await holds(lambda: generation(catalog) == 1)


async def test_a_token_is_read_anew_for_each_request(server: ApiServer, world: World) -> None:
    server.tokens = {"second"}
    tokens = iter(["first"] * 4 + ["second"] * 100)
    async with (
        Api(Server(server.url, lambda: next(tokens))) as api,
        ClusterCatalog(api, {"adapter", "platform"}, PACE) as catalog,
    ):
        await synced(catalog)
        await watching(server)


async def test_the_api_server_is_given_the_time_it_asks_for(server: ApiServer, world: World) -> None:
    loop = asyncio.get_running_loop()
    server.refusals += [(429, {"Retry-After": "1"})] * 4
    began = loop.time()
    async with following(server) as catalog:
        await synced(catalog)
    assert 1 <= loop.time() - began < 10


async def test_attempts_in_vain_are_logged_once_and_so_is_their_end(
    server: ApiServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    server.refusals += [(403, {})] * 60
    async with following(server, {"tool"}) as catalog:
        await synced(catalog)
        await watching(server, 2)
        server.bookmark()
        await holds(lambda: sum("again" in record.getMessage() for record in caplog.records) == 2)
        said = [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]
        assert len(said) == 2, said
        assert all("403 Trouble" in text for text in said)


@pytest.mark.parametrize("line", [b"{}\n", b"null\n", b'{"type":\n', b'{"type":"ADDED","object":{}}\n', b"\xff\n"])
async def test_nonsense_on_a_watch_breaks_it_off_and_nothing_else(server: ApiServer, world: World, line: bytes) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        server.say(line)
        await holds(lambda: len(asked(server, watch=True)) > 1)
        world.show(card())
        await holds(lambda: generation(catalog) == 1)


async def test_an_error_event_that_is_no_410_resumes_the_watch(server: ApiServer, world: World) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        server.say(json.dumps({"type": "ERROR", "object": {"code": 500, "message": "etcd"}}).encode() + b"\n")
        world.show(card())
        await holds(lambda: generation(catalog) == 1)
        assert len(asked(server, watch=False)) == 1


async def test_an_event_of_a_kind_nobody_knows_is_passed_over(server: ApiServer, world: World) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)
        object = {"metadata": {"name": "mcp-a", "resourceVersion": str(server.version + 1)}}
        server.say(json.dumps({"type": "NOVELTY", "object": object}).encode() + b"\n")
        server.version += 1
        world.show(card())
        await holds(lambda: generation(catalog) == 1)


async def test_a_listener_that_fails_does_not_end_the_watch(
    server: ApiServer, world: World, caplog: pytest.LogCaptureFixture
) -> None:
    async with following(server) as catalog:
        await synced(catalog)
        await watching(server)

        def fail(*_: object) -> None:
            cancel()
            raise RuntimeError("a listener of ours is broken")

        cancel = catalog.changes(fail)
        world.show(card(generation=1))
        await holds(lambda: "a listener of ours is broken" in caplog.text)
        world.show(card(generation=2))
        await holds(lambda: generation(catalog) == 2)


async def test_a_redirect_is_not_followed_with_the_token(server: ApiServer, world: World) -> None:
    server.refusals += [(302, {"Location": "/elsewhere"})] * 4
    async with following(server, token="secret") as catalog:
        await synced(catalog)
    assert {it.path.rpartition("/")[2] for it in server.asked} == {"services", "endpointslices"}


def test_the_card_is_read_from_the_annotation_that_the_control_plane_writes() -> None:
    text = json.dumps({"metadata": {"name": "x", "annotations": {CARD: "text", "other": "x"}}})
    annotations = msgspec.json.decode(text, type=Service).metadata.annotations
    assert annotations
    assert annotations.card == "text"
