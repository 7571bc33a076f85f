"""The host: serves a FunctionApp over sockets, and has the platform's habits."""

import asyncio
import socket
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from aiohttp import ClientSession, UnixConnector
from azure.functions import AuthLevel, FunctionApp, HttpRequest, HttpResponse, TimerRequest

from functions.host import Host
from functions.request import received
from tests.functions.bodies import adapter
from tests.functions.direct import Direct


class Served:
    """An app of a few functions that say what they were called with."""

    def __init__(self) -> None:
        self.app = FunctionApp(http_auth_level=AuthLevel.ANONYMOUS)
        self.begun = asyncio.Event()
        self.go_on = asyncio.Event()
        self.ended = asyncio.Event()
        self._add("echo", "things/{name}/Parts", ["GET", "POST"], self._echo)
        self._add("slow", "slow", ["GET"], self._slow)
        self._add("broken", "broken", ["GET"], self._broken)
        self._add("gone", "gone", ["DELETE"], self._gone)
        self.app.function_name("tick")(self.app.timer_trigger(arg_name="timer", schedule="0 * * * * *")(self._tick))

    def _add(self, name: str, route: str, methods: list[str], function: object) -> None:
        self.app.function_name(name)(self.app.route(route=route, methods=methods)(function))

    async def _echo(self, req: HttpRequest) -> HttpResponse:
        got = received(req)
        parts = [got.method, got.route["name"], dict(got.query), got.headers.get("X-Thing"), len(got.body)]
        return HttpResponse(repr(parts), headers={"X-Url": req.url})

    async def _slow(self, req: HttpRequest) -> HttpResponse:
        self.begun.set()
        try:
            await self.go_on.wait()
        finally:
            self.ended.set()
        return HttpResponse(f"{req.method} done")

    async def _broken(self, req: HttpRequest) -> HttpResponse:
        raise RuntimeError(f"secret {req.url}")

    async def _gone(self, req: HttpRequest) -> HttpResponse:
        return HttpResponse(status_code=204 if req.method else 500)

    async def _tick(self, timer: TimerRequest) -> None:
        raise AssertionError(timer)


@pytest.fixture
async def served() -> Served:
    return Served()


@pytest.fixture
async def url(served: Served) -> AsyncIterator[str]:
    host = Host(served.app, body_limit=1000)
    port = await host.start_tcp("127.0.0.1", 0)
    yield f"http://127.0.0.1:{port}"
    await host.stop()


@pytest.fixture
async def client() -> AsyncIterator[ClientSession]:
    async with ClientSession() as session:
        yield session


async def test_function_sees_method_route_query_headers_and_body(url: str, client: ClientSession) -> None:
    async with client.post(
        f"{url}/things/a%2Fb/Parts?x=1&y=%C3%A9&x=2", data=b"12345", headers={"X-Thing": "t"}
    ) as reply:
        assert await reply.text() == repr(["POST", "a/b", {"x": "1,2", "y": "é"}, "t", 5])
        assert reply.headers["Content-Type"] == "text/plain; charset=utf-8"
        assert reply.headers["X-Url"].startswith(f"{url}/things/")


@pytest.mark.parametrize("path", ["/THINGS/a/parts", "/things/a/Parts/"])
async def test_route_matches_in_any_case_and_with_a_trailing_slash(url: str, client: ClientSession, path: str) -> None:
    async with client.get(url + path) as reply:
        assert reply.status == 200


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("PUT", "/things/a/Parts"),
        ("HEAD", "/things/a/Parts"),
        ("GET", "/things/a"),
        ("GET", "/things/a/Parts/more"),
        ("GET", "/"),
    ],
)
async def test_unknown_route_and_wrong_method_are_404_without_a_body(
    url: str, client: ClientSession, method: str, path: str
) -> None:
    async with client.request(method, url + path) as reply:
        assert (reply.status, await reply.read()) == (404, b"")


async def test_exception_is_a_500_without_a_body(url: str, client: ClientSession) -> None:
    async with client.get(f"{url}/broken") as reply:
        assert (reply.status, await reply.read()) == (500, b"")


async def test_no_content_is_no_content(url: str, client: ClientSession) -> None:
    async with client.delete(f"{url}/gone") as reply:
        assert (reply.status, await reply.read()) == (204, b"")
        assert "Content-Type" not in reply.headers


async def test_body_over_the_limit_is_a_413_problem_with_a_length_and_without(url: str, client: ClientSession) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(11):
            yield b"x" * 100

    for body in (b"x" * 1001, chunks()):
        async with client.post(f"{url}/things/a/Parts", data=body) as reply:
            assert (reply.status, reply.content_type) == (413, "application/problem+json")
    async with client.post(f"{url}/things/a/Parts", data=b"x" * 1000) as reply:
        assert reply.status == 200


async def test_client_that_asks_first_is_told_to_continue(url: str) -> None:
    port = int(url.rpartition(":")[2])
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"POST /things/a/Parts HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n")

    assert await reader.readuntil(b"\r\n\r\n") == b"HTTP/1.1 100 Continue\r\n\r\n"
    writer.write(b"abc")
    assert (await reader.readline()).startswith(b"HTTP/1.1 200")
    writer.close()


async def test_reply_that_takes_too_long_is_a_502_and_the_function_runs_on(
    served: Served, client: ClientSession
) -> None:
    host = Host(served.app, front_end_seconds=0.01)
    port = await host.start_tcp("127.0.0.1", 0)

    async with client.get(f"http://127.0.0.1:{port}/slow") as reply:
        assert (reply.status, reply.content_type) == (502, "application/problem+json")
    assert not served.ended.is_set()
    served.go_on.set()
    await asyncio.wait_for(served.ended.wait(), 5)

    await host.stop()


async def test_client_that_hangs_up_stops_nothing(served: Served, url: str) -> None:
    port = int(url.rpartition(":")[2])
    _, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(b"GET /slow HTTP/1.1\r\nHost: x\r\n\r\n")
    await asyncio.wait_for(served.begun.wait(), 5)
    writer.transport.abort()

    served.go_on.set()
    await asyncio.wait_for(served.ended.wait(), 5)


async def test_stop_ends_what_is_still_running_and_closes_the_port(served: Served, client: ClientSession) -> None:
    host = Host(served.app)
    port = await host.start_tcp("127.0.0.1", 0)
    asking = asyncio.ensure_future(client.get(f"http://127.0.0.1:{port}/slow"))
    await asyncio.wait_for(served.begun.wait(), 5)

    await asyncio.wait_for(host.stop(), 10)

    assert served.ended.is_set()
    reply = await asyncio.wait_for(asking, 5)
    assert (reply.status, reply.content_type) == (503, "application/problem+json")
    reply.close()
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


async def test_whole_life_of_an_adapter_over_a_unix_socket(tmp_path: Path) -> None:
    host = Host(Direct(indexed=False).app)
    path = str(tmp_path / "control-plane.sock")
    await host.start_unix(path)

    async with ClientSession(connector=UnixConnector(path)) as client:
        async with client.post("http://control-plane/adapters", json=adapter()) as reply:
            assert (reply.status, reply.headers["Location"]) == (201, "/adapters/one")
            tag = reply.headers["ETag"]
        async with client.put("http://control-plane/adapters/one", json=adapter(), headers={"If-Match": tag}) as reply:
            assert reply.status == 200
        async with client.get("http://control-plane/adapters?limit=1") as reply:
            assert [record["generation"] for record in await reply.json()] == [2]
        async with client.delete("http://control-plane/adapters/one") as reply:
            assert reply.status == 204
        async with client.get("http://control-plane/adapters/one") as reply:
            assert (reply.status, reply.content_type) == (404, "application/problem+json")

    await host.stop()
