"""The control plane as a container: a real process on a real PostgreSQL, over a model of a cluster."""

import asyncio
import json
from contextlib import AbstractAsyncContextManager
from pathlib import Path

import pytest
from aiohttp import ClientConnectorError

from functions.composition import opened
from functions.container import ContainerSettings
from functions.settings import Settings
from gateway.env import SettingsError
from tests.functions.bodies import adapter
from tests.functions.container_process import ContainerProcess, container
from tests.local.waiting import holds, until
from tests.postgres.server import PASSWORD, Server

_BYPASS = {"Authentication__BypassEntra": "true"}


def modelled(folder: Path, conninfo: str, **variables: str) -> AbstractAsyncContextManager[ContainerProcess]:
    """A container on that database."""
    told = {
        **_BYPASS,
        "ControlPlane__Compose": "tests.functions.container_parts:modelled",
        "Postgres__ConnectionString": conninfo,
        "Drain__Seconds": "0",
        **variables,
    }
    return container(folder, **told)


async def test_an_adapter_lives_and_the_process_ends_when_it_is_asked_to(postgres: Server, tmp_path: Path) -> None:
    async with modelled(tmp_path, postgres.database()) as process:
        await process.ready()
        created = await process.call("POST", "/adapters", adapter())
        assert (created.status, created.headers["Location"]) == (201, "/adapters/one")
        assert (await process.call("GET", "/adapters/one")).json == created.json
        put = await process.call("PUT", "/adapters/one", adapter(description="d"))
        assert (put.status, put.json["generation"]) == (200, 2)
        assert (await process.call("GET", "/adapters/one/status")).json["replicaStatus"] == "Healthy"
        assert (await process.call("DELETE", "/adapters/one")).status == 204
        assert (await process.call("GET", "/adapters")).json == []
        process.term()
        assert await process.ended() == 0


async def test_log_lines_are_json_and_hold_no_password(postgres: Server, tmp_path: Path) -> None:
    async with modelled(tmp_path, postgres.database()) as process:
        await process.ready()
        with postgres.stopped():
            await process.call("GET", "/adapters")
        process.term()
        await process.ended()
        lines = [json.loads(line) for line in process.log.splitlines()]
        assert {"time", "level", "logger", "message"} <= lines[0].keys()
        assert any("callers are believed" in line["message"] for line in lines)
        assert any("reconciled" in line["message"] for line in lines)
        assert not any(line["logger"] == "psycopg.pool" and line["level"] == "info" for line in lines)
        assert PASSWORD not in process.log


async def test_a_store_that_goes_away_and_comes_back_costs_503s_and_nothing_else(
    postgres: Server, tmp_path: Path
) -> None:
    async with modelled(tmp_path, postgres.database(), Reconcile__Seconds="1") as process:
        await process.ready()
        assert (await process.call("POST", "/adapters", adapter())).status == 201
        with postgres.stopped():
            refused = await asyncio.gather(
                process.call("GET", "/adapters"),
                process.call("GET", "/adapters/one"),
                process.call("POST", "/adapters", adapter("two")),
                process.call("PUT", "/adapters/one", adapter(description="d")),
                process.call("DELETE", "/adapters/one"),
            )
            for reply in refused:
                assert (reply.status, reply.headers["Content-Type"]) == (503, "application/problem+json")
                assert reply.headers["Retry-After"] == "2"
            assert [(await process.call("GET", probe)).status for probe in ("/ping", "/ready")] == [200, 200]
            await holds(lambda: "could not reconcile" in process.log)
        back = await until(lambda: process.call("GET", "/adapters"), lambda reply: reply.status != 503)
        assert [found["name"] for found in back.json] == ["one"]
        assert (await process.call("POST", "/adapters", adapter("two"))).status == 201


async def test_a_restart_of_the_store_is_not_noticed(postgres: Server, tmp_path: Path) -> None:
    async with modelled(tmp_path, postgres.database()) as process:
        await process.ready()
        for number in range(3):
            with postgres.stopped():
                pass
            assert (await process.call("POST", "/adapters", adapter(f"a{number}"))).status == 201
        assert len((await process.call("GET", "/adapters")).json) == 3


async def test_a_store_that_comes_later_is_waited_for(postgres: Server, tmp_path: Path) -> None:
    conninfo = postgres.database()
    with postgres.stopped():
        started = modelled(tmp_path, conninfo)
        process = await started.__aenter__()
        await process.listening()
        assert (await process.call("GET", "/ping")).status == 200
        unready = await process.call("GET", "/ready")
        assert (unready.status, unready.headers["Retry-After"]) == (503, "2")
    await process.ready()
    assert (await process.call("POST", "/adapters", adapter())).status == 201
    await started.__aexit__(None, None, None)


async def test_two_at_once_on_an_empty_database_share_it(postgres: Server, tmp_path: Path) -> None:
    conninfo = postgres.database()
    async with modelled(tmp_path / "a", conninfo) as a, modelled(tmp_path / "b", conninfo) as b:
        await asyncio.gather(a.ready(), b.ready())
        replies = await asyncio.gather(
            *(each.call("POST", "/adapters", adapter()) for each in (a, b) for _ in range(4))
        )
        assert sorted(reply.status for reply in replies) == [201] + [409] * 7
        assert (await a.call("GET", "/adapters/one")).json == (await b.call("GET", "/adapters/one")).json
        for process in (a, b):
            process.term()
            assert await process.ended() == 0
            assert '"level":"error"' not in process.log


async def test_what_a_killed_process_left_is_brought_about_by_the_next(postgres: Server, tmp_path: Path) -> None:
    conninfo = postgres.database()
    async with modelled(tmp_path / "a", conninfo) as first:
        await first.ready()
        assert (await first.call("POST", "/adapters", adapter())).status == 201
        first.process.kill()
        await first.ended()
    async with modelled(tmp_path / "b", conninfo) as second:
        await second.ready()  # its model of a cluster was empty
        assert (await second.call("GET", "/adapters/one/status")).json["replicaStatus"] == "Healthy"


async def test_the_end_is_announced_then_awaited_and_no_request_is_lost(postgres: Server, tmp_path: Path) -> None:
    async with modelled(tmp_path, postgres.database(), Drain__Seconds="3") as process:
        await process.ready()
        assert (await process.call("POST", "/adapters", adapter("slow"))).status == 201
        slow = asyncio.create_task(process.call("GET", "/adapters/slow/status"))
        await holds(process.gate.with_suffix(".asked").exists)
        process.term()
        unready = await until(lambda: process.call("GET", "/ready"), lambda reply: reply.status != 200)
        assert (unready.status, unready.headers["Connection"]) == (503, "close")
        late = await process.call("GET", "/adapters")
        assert (late.status, late.headers["Connection"]) == (200, "close")
        await until(lambda: turned_away(process), bool)
        assert process.process.returncode is None
        process.gate.touch()
        assert (await slow).json["replicaStatus"] == "Healthy"
        assert await process.ended() == 0


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({}, "Who may come in is not said: set AzureAd__TenantId"),
        (_BYPASS | {"ContainerRegistrySettings__Endpoint": "r"}, "Postgres__ConnectionString is required."),
        ({"Reconcile__Seconds": "0"}, "Reconcile__Seconds: `0` is not a whole number"),
    ],
)
async def test_what_cannot_start_says_so_in_one_sentence(
    tmp_path: Path, variables: dict[str, str], sentence: str
) -> None:
    async with container(tmp_path, **variables) as process:
        assert await process.ended() == 1
        *before, last = [json.loads(line) for line in process.log.splitlines()]
        assert last["message"].startswith(sentence)
        assert "error" not in last
        assert all("callers are believed" in line["message"] for line in before)


@pytest.mark.parametrize(
    ("composed", "why"),
    [
        ("tests.functions.container_parts:sync", "the function returned no async context manager"),
        ("tests.functions.container_parts:empty", "the function opened no Composition"),
        ("tests.functions.container_parts", "not of the form"),
    ],
)
async def test_composition_that_opens_none_is_refused_by_name(composed: str, why: str) -> None:
    with pytest.raises(SettingsError, match=f"^ControlPlane__Compose: .*{why}"):
        async with opened({"ControlPlane__Compose": composed}, "unused:unused"):
            pass


def test_settings_have_defaults_and_documented_names() -> None:
    assert ContainerSettings.from_env({}) == ContainerSettings()
    told = {
        "Listen__Host": "127.0.0.1",
        "Listen__Port": "8080",
        "Reconcile__Seconds": "7",
        "Drain__Seconds": "0",
        "PublicOrigin": "https://gateway.example.org",
    }
    assert ContainerSettings.from_env(told) == ContainerSettings(
        host="127.0.0.1",
        port=8080,
        reconcile=7,
        unready=0,
        control_plane=Settings(public_origin="https://gateway.example.org"),
    )


async def test_without_a_cluster_it_does_not_start(postgres: Server, tmp_path: Path) -> None:
    told = {
        **_BYPASS,
        "ContainerRegistrySettings__Endpoint": "registry.example",
        "Postgres__ConnectionString": postgres.database(),
        "Kubernetes__Kubeconfig": str(tmp_path / "nowhere"),
    }
    async with container(tmp_path, **told) as process:
        assert await process.ended() == 1
        assert "Kubernetes__Kubeconfig: no cluster can be found" in json.loads(process.log.splitlines()[-1])["message"]


async def test_tables_of_a_newer_gateway_are_not_started_on(postgres: Server, tmp_path: Path) -> None:
    conninfo = postgres.database()
    postgres.run(
        "CREATE SCHEMA mcp_gateway",
        "CREATE TABLE mcp_gateway.version (number int)",
        "INSERT INTO mcp_gateway.version VALUES (99)",
    )
    async with modelled(tmp_path, conninfo) as process:
        assert await process.ended() == 1
        assert "written by a newer gateway (schema 99" in process.log


async def test_a_port_that_is_taken_is_said_in_one_sentence(postgres: Server, tmp_path: Path) -> None:
    async with modelled(tmp_path, postgres.database(), Listen__Port=str(postgres.port)) as process:
        assert await process.ended() == 1
        assert "address already in use" in json.loads(process.log.splitlines()[-1])["message"]


async def turned_away(process: ContainerProcess) -> bool:
    """Whether nobody listens any more."""
    try:
        await process.call("GET", "/ping")
    except ClientConnectorError:
        return True
    return False
