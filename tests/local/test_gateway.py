"""The whole gateway in one process: it serves what is registered, and leaves nothing behind, however it ends."""

import asyncio
import os
import socket
import time
from pathlib import Path

import pytest
from aiohttp import ClientError

from local.gateway import CannotListen, LocalGateway
from local.home import Home, HomeError
from local.images import ImagesError
from local.settings import Settings
from local.sqlite import Database
from tests.contracts.records import adapter
from tests.local.rest import Rest
from tests.local.test_sqlite import store
from tests.local.tiny.images import write
from tests.local.waiting import holds, until


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(home=tmp_path / "home", port=0, images=write(tmp_path / "images.toml"))


def assert_nothing_is_left(settings: Settings) -> None:
    assert list((settings.home / "children").iterdir()) == []
    assert not (settings.home / "runtime").is_symlink()


async def test_what_is_registered_over_rest_is_called_through_the_proxy(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        assert await rest.status("GET", "/ready") == 200
        await rest.adapter("one")
        answer = await rest.call("one")
        assert answer["env"]["PORT"]
        assert await rest.status("DELETE", "/adapters/one") == 204
        assert not Path(f"/proc/{answer['pid']}").exists()
    assert_nothing_is_left(settings)


async def test_an_unknown_image_is_refused_with_its_field(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        for member, value in (("imageName", "unheard-of"), ("imageVersion", "99")):
            body = {"name": "x", "imageName": "listens", "imageVersion": "1", member: value}
            assert await rest.status("POST", "/adapters", body) == 400
        assert await rest.get("/adapters") == []


async def test_records_start_their_processes_when_the_gateway_is_back(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.adapter("one", replicaCount=2)
        before = await rest.get("/adapters/one")
        pid = (await rest.call("one"))["pid"]
    assert not Path(f"/proc/{pid}").exists()
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.ready("one")
        assert await rest.get("/adapters/one") == before
        assert (await rest.call("one"))["pid"] != pid


async def test_a_deletion_that_was_cut_short_is_finished_at_the_next_start(settings: Settings) -> None:
    async with LocalGateway(settings):
        pass
    database = await Database.opened(settings.home / "records.db")
    await store(database, "CatalogContainer").add(adapter(deleted_at=adapter().created_at))
    await database.close()
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.adapter("one")


async def test_a_home_is_used_by_one_gateway_at_a_time(settings: Settings) -> None:
    async with LocalGateway(settings):
        with pytest.raises(HomeError, match="in use by another gateway"):
            await LocalGateway(settings).__aenter__()
    async with LocalGateway(settings):
        pass


async def test_a_port_in_use_is_said_so_and_nothing_is_left(settings: Settings) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        busy = Settings(home=settings.home, port=port, images=settings.images)
        with pytest.raises(CannotListen, match=f"port {port} of 127.0.0.1: it is in use"):
            await LocalGateway(busy).__aenter__()
    assert_nothing_is_left(settings)
    async with LocalGateway(settings):
        pass


async def test_an_image_file_that_cannot_be_used_stops_the_start_and_nothing_is_left(settings: Settings) -> None:
    with pytest.raises(ImagesError):
        await LocalGateway(Settings(home=settings.home, port=0, images=settings.home / "gone.toml")).__aenter__()
    assert_nothing_is_left(settings)


async def test_a_malformed_seal_key_stops_the_start(settings: Settings) -> None:
    Home.prepared(settings.home).seal_key.write_text("changeme")
    with pytest.raises(HomeError, match=r"seal\.key"):
        await LocalGateway(settings).__aenter__()


async def test_a_record_whose_image_is_gone_does_not_stop_the_others(settings: Settings, tmp_path: Path) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.adapter("gone")
        await rest.adapter("kept", "echoes")
    fewer = tmp_path / "fewer.toml"
    entries = write(tmp_path / "all.toml").read_text().split("\n\n")
    fewer.write_text("\n".join(entry for entry in entries if "echoes" in entry))
    async with (
        LocalGateway(Settings(home=settings.home, port=0, images=fewer)) as gateway,
        Rest(gateway.url) as rest,
    ):
        await rest.ready("kept")
        assert await rest.status("GET", "/ready") == 200
        assert await rest.status("GET", "/adapters/gone") == 200
        assert await rest.status("DELETE", "/adapters/gone") == 204


async def test_an_open_stream_does_not_hold_up_the_end(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.adapter("one")
        await until(lambda: rest.status("GET", "/adapters/one/logs?tail=5"), lambda status: status == 200)
        async with rest.page("/adapters/one/logs") as reply:
            end = reply.headers["X-Log-Cursor"]
        waiting = [asyncio.create_task(_quietly(rest, f"/adapters/one/logs?since={end}&wait=20")) for _ in range(3)]
        for _ in range(5):  # by then the three are under way
            assert await rest.status("GET", "/adapters/one/status") == 200
        began = time.monotonic()
    assert 1.5 < time.monotonic() - began < 8
    await asyncio.gather(*waiting)


async def _quietly(rest: Rest, path: str) -> None:
    try:
        await rest.status("GET", path)
    except (ClientError, RuntimeError):
        return


async def test_the_end_can_be_hastened(settings: Settings) -> None:
    gateway = LocalGateway(settings)
    await gateway.__aenter__()
    async with Rest(gateway.url) as rest:
        await rest.adapter("one", "stubborn", replicaCount=2)
        began = time.monotonic()
        gateway.hasten()
        await gateway.__aexit__(None, None, None)
    assert time.monotonic() - began < 2.5
    assert_nothing_is_left(settings)


async def test_an_instance_that_dies_is_gone_for_callers_and_back_soon(settings: Settings) -> None:
    async with LocalGateway(settings) as gateway, Rest(gateway.url) as rest:
        await rest.adapter("one")
        pid = (await rest.call("one"))["pid"]
        os.kill(pid, 9)
        await holds(lambda: not Path(f"/proc/{pid}").exists())
        assert (await rest.call("one"))["pid"] != pid  # held until the next process is ready


def test_an_address_off_loopback_is_not_called_localhost(tmp_path: Path) -> None:
    urls = [LocalGateway(Settings(home=tmp_path, host=host, port=1)).url for host in ("127.0.0.1", "::1", "10.0.0.1")]
    assert urls == ["http://localhost:1", "http://[::1]:1", "http://10.0.0.1:1"]
