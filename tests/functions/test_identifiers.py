"""What follows the records after a round, and the hint in its place: who is told, and what."""

import asyncio
import subprocess
from collections.abc import Sequence
from pathlib import Path

import pytest
from aiohttp import ClientSession

from functions.deployer import Owned
from functions.identifiers import Identifiers
from functions.reconcile import Actions, Reconcile
from functions.settings import Settings
from gateway.protected_resource import ProtectedResource
from gateway.records import Record
from tests.azure.cloud import APPLICATION, Cloud
from tests.azure.graph import Registration
from tests.functions.azure_place import ORIGIN, cluster_of, environment
from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct
from tests.functions.mini_host.serving import serving
from tests.functions.mini_host.wwwroot import linked
from tests.functions.model_cluster import ModelCluster

CLIENT = "22222222-3333-4444-8555-666666666666"
PROTECTED = ProtectedResource(ORIGIN, ("https://login.example.org",))


class Follower:
    """Remembers what it was given; fails where it is told to."""

    def __init__(self) -> None:
        self.given: list[list[str]] = []
        self.fails = False

    async def __call__(self, records: Sequence[Record]) -> None:
        self.given.append(sorted(record.name for record in records))
        if self.fails:
            raise RuntimeError("not today")


class ShyCluster(ModelCluster):
    """Does not say what it has."""

    async def owned(self) -> list[Owned]:
        """Breaks."""
        raise RuntimeError("no list")


async def test_all_that_live_are_given_once_the_round_is_through() -> None:
    direct, after = Direct(), Follower()
    await direct.call("create_adapter", body=adapter("a"))
    await direct.call("create_tool", body=tool("b"))
    reconcile = Reconcile(direct.store, direct.cluster, after=after)

    assert await reconcile.once() == Actions()
    await direct.call("delete_adapter", "a")
    assert await reconcile.once() == Actions()
    assert after.given == [["a", "b"], ["b"]]


async def test_failure_there_is_counted_and_logged_and_the_round_is_whole(caplog: pytest.LogCaptureFixture) -> None:
    direct, after = Direct(), Follower()
    await direct.call("create_adapter", body=adapter())
    direct.cluster.cards.clear()
    after.fails = True
    reconcile = Reconcile(direct.store, direct.cluster, after=after)

    assert await reconcile.once() == Actions(healed=1, failed=1)
    assert "not today" in caplog.text
    counted = [(reading.value, *reading.words.values()) for reading in reconcile.readings()]
    assert counted[:2] == [(1, "ok"), (0, "failed")]  # rounds
    assert (1, "failed") in counted[2:]  # actions
    after.fails = False
    assert await reconcile.once() == Actions()


async def test_after_a_round_that_could_list_nothing_nothing_is_given() -> None:
    direct, after = Direct(cluster=ShyCluster()), Follower()
    await direct.call("create_adapter", body=adapter())

    with pytest.raises(RuntimeError, match="no list"):
        await Reconcile(direct.store, direct.cluster, after=after).once()
    assert after.given == []


# ---- the hint ------------------------------------------------------------------------------------------------------------


async def test_those_who_may_change_an_adapter_are_told_how_its_url_becomes_an_identifier() -> None:
    direct = Direct(protected=PROTECTED, settings=Settings(client_id=CLIENT))
    await direct.call("create_adapter", body=adapter(requiredRoles=["team"]))
    await direct.call("create_tool", body=tool("two"))

    hint = (await direct.call("get_adapter_status", "one")).json["signIn"]
    assert hint["identifierUri"] == f"{ORIGIN}/adapters/one/mcp"
    assert hint["command"].startswith(f"az ad app update --id {CLIENT} --identifier-uris ")
    assert "signIn" in (await direct.call("get_adapter_status", "one", user="root", roles="mcp.admin")).json
    reader = await direct.call("get_adapter_status", "one", user="bob", roles="team")
    assert reader.status == 200
    assert "signIn" not in reader.json
    assert "signIn" not in (await direct.call("get_tool_status", "two")).json


@pytest.mark.parametrize(
    ("protected", "client"),
    [
        (None, CLIENT),
        (PROTECTED, ""),
        (ProtectedResource("http://gateway.example.org", ()), CLIENT),
        (ProtectedResource("https://abc.westus3.cloudapp.azure.com", ()), CLIENT),
    ],
    ids=["nobody signs in", "not with Entra", "no TLS", "a name of Azure's"],
)
def test_where_entra_would_not_take_it_nothing_is_told(protected: ProtectedResource | None, client: str) -> None:
    assert Identifiers.of(protected, client) is None


def test_command_hands_az_all_that_are_there_and_the_new_one_once(tmp_path: Path) -> None:
    """Run by a shell, with an `az` that tells what it was called with."""
    uri = f"{ORIGIN}/adapters/one/mcp"
    (tmp_path / "az").write_text(
        '#!/bin/sh\nif [ "$3" = show ]; then printf "%s\\n" "$7" >"$0.query"; printf "api://x\\nhttps://y/mcp\\n"\n'
        'else printf "%s\\n" "$@" >"$0.update"; fi\n'
    )
    (tmp_path / "az").chmod(0o755)
    hint = Identifiers(PROTECTED, CLIENT).hint("one")

    subprocess.run(["sh", "-c", hint.command], check=True, timeout=10, env={"PATH": f"{tmp_path}:/usr/bin:/bin"})
    assert (tmp_path / "az.query").read_text() == f"identifierUris[?@!='{uri}']\n"
    told = (tmp_path / "az.update").read_text().split()
    assert told == ["ad", "app", "update", "--id", CLIENT, "--identifier-uris", "api://x", "https://y/mcp", uri]


# ---- on Azure ------------------------------------------------------------------------------------------------------------


async def test_on_azure_the_timer_keeps_the_uris_of_adapters(cloud: Cloud, tmp_path: Path) -> None:
    client = cloud.provider.client_id
    others = [f"api://{client}", f"{ORIGIN}/mcp"]
    registered = cloud.graph.applications[client] = Registration("object-id", list(others), [APPLICATION.object_id])
    asked = {"AzureAd__ManageIdentifierUris": "true", "AzureAd__GraphEndpoint": cloud.graph.url}
    headers = {"Authorization": f"Bearer {cloud.provider.token('ada')}"}
    async with (
        cluster_of(cloud) as server,
        serving(linked(tmp_path / "wwwroot"), {**environment(cloud, server.url), **asked}, tmp_path) as url,
        ClientSession(headers=headers) as session,
    ):

        async def ask(method: str, path: str, body: object = None) -> int:
            async with session.request(method, url + path, json=body) as response:
                return response.status

        reconcile = "/admin/functions/reconcile"
        assert await ask("POST", "/adapters", adapter(imageName="listens")) == 201
        assert await asyncio.gather(ask("POST", reconcile), ask("POST", reconcile)) == [202, 202]
        assert registered.uris == [*others, f"{ORIGIN}/adapters/one/mcp"]
        async with session.get(f"{url}/adapters/one/status") as response:
            assert "signIn" not in await response.json()
        registered.owners.clear()
        assert await ask("DELETE", "/adapters/one") == 204
        assert await ask("POST", reconcile) == 202
        assert registered.uris == [*others, f"{ORIGIN}/adapters/one/mcp"]
        registered.owners.append(APPLICATION.object_id)
        assert await ask("POST", reconcile) == 202
        assert registered.uris == others
