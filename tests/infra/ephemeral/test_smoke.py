"""The journey through a gateway that is real and one that is not well. Over HTTP."""

import asyncio
import json
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiohttp import ClientSession, web

from infra.ephemeral.__main__ import main
from infra.ephemeral.smoke import Journey, SmokeError, smoke
from tests.journeys.gateway import Gateway

ADD = "mcp-example:1.0.0"


async def test_it_registers_calls_and_deletes_and_says_so(gateway: Gateway) -> None:
    said: list[str] = []
    async with asyncio.timeout(60):
        await smoke(Journey(url=gateway.url, image=ADD, pause=0.05), said.append)
    done = [line.partition(":")[0] for line in said if not line.endswith("…")]
    assert done[:5] == ["GET /ping", "GET /ready", "POST /adapters", "initialize", "tools/call"]
    assert done[5].startswith("DELETE /adapters/smoke-")
    async with ClientSession(gateway.url) as http, http.get("/adapters") as listed:
        assert not any(each["name"].startswith("smoke-") for each in await listed.json())


class Sick:
    """A gateway that is not well: `answers` by method and path, or an adapter's for any name; `asked` is what it was."""

    def __init__(self, **answers: list[web.Response]) -> None:
        self.asked: list[str] = []
        self.answers = {"ping": [_ok()], "ready": [_ok()], "register": [web.Response(status=201)], **answers}
        self.answers.setdefault("delete", [web.Response(status=204)])
        self.answers.setdefault("gone", [web.Response(status=404)])

    async def respond(self, request: web.Request) -> web.Response:
        """The next answer, the last one over and over."""
        match request.method, request.path.strip("/").split("/"):
            case "GET", [("ping" | "ready") as which]:
                pass
            case "POST", ["adapters"]:
                which = "register"
            case "POST", ["adapters", _, "mcp"]:
                which = str((await request.json())["method"])
            case "DELETE", ["adapters", _]:
                which = "delete"
            case _:
                which = "gone"
        self.asked.append(which)
        left = self.answers.get(which, [web.Response(status=202)])
        given = left.pop(0) if len(left) > 1 else left[0]
        return web.Response(status=given.status, text=given.text, headers=given.headers)


def _ok(result: dict[str, Any] | None = None) -> web.Response:
    return web.json_response({"jsonrpc": "2.0", "id": 1, "result": result or {}})


@asynccontextmanager
async def _serving(sick: Sick) -> AsyncGenerator[Journey]:
    app = web.Application()
    app.router.add_route("*", "/{any:.*}", sick.respond)
    runner = web.AppRunner(app)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        (address,) = runner.addresses
        yield Journey(url=f"http://127.0.0.1:{address[1]}", seconds=0.3, pause=0.01)
    finally:
        await runner.cleanup()


async def _failed(sick: Sick) -> str:
    async with _serving(sick) as journey:
        with pytest.raises(SmokeError) as failed:
            await smoke(journey, lambda _: None)
    return str(failed.value)


async def test_a_gateway_that_never_becomes_ready_is_waited_for_and_then_given_up() -> None:
    sick = Sick(ready=[web.Response(status=503)])
    assert await _failed(sick) == "GET /ready: 503; for 0 s."
    assert sick.asked.count("ready") > 2
    assert "register" not in sick.asked


async def test_a_server_that_still_starts_is_waited_for() -> None:
    busy = web.Response(status=503, text="nothing ready")
    sick = Sick(initialize=[busy, busy, _ok()])
    sick.answers["tools/call"] = [_ok({"content": [{"type": "text", "text": "5"}]})]
    async with _serving(sick) as journey:
        await smoke(journey, lambda _: None)
    assert sick.asked.count("initialize") == 3


async def test_answers_as_event_streams_are_read() -> None:
    text = 'event: message\ndata: {"jsonrpc":"2.0","method":"notifications/message"}\n\n'
    answer = json.dumps({"jsonrpc": "2.0", "id": 2, "result": {"content": [{"type": "text", "text": "5"}]}})
    stream = web.Response(text=f"{text}: beat\n\ndata: {answer}\n\n", headers={"Content-Type": "text/event-stream"})
    sick = Sick(initialize=[_ok()])
    sick.answers["tools/call"] = [stream]
    async with _serving(sick) as journey:
        await smoke(journey, lambda _: None)


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (_ok({"content": [{"type": "text", "text": "6"}]}), "add(2, 3) is said to be 6"),
        (_ok({"content": [{"type": "text", "text": "no"}], "isError": True}), "the tool failed: no"),
        (web.Response(status=401, text="who?"), "tools/call: 401 who?"),
        (web.Response(text="<html>"), "no JSON object"),
    ],
)
async def test_whichever_way_it_fails_it_says_where_and_takes_away_what_it_registered(
    answer: web.Response, said: str
) -> None:
    sick = Sick(initialize=[_ok()])
    sick.answers["tools/call"] = [answer]
    assert said in await _failed(sick)
    assert "delete" in sick.asked


async def test_somebody_who_may_not_register_is_told_what_was_answered() -> None:
    sick = Sick(register=[web.Response(status=403, text="no role of yours")])
    assert await _failed(sick) == "POST /adapters: 403 instead of 201: no role of yours"
    assert "delete" not in sick.asked


async def test_interrupted_it_takes_away_what_it_registered() -> None:
    sick = Sick(initialize=[web.Response(status=503)])
    async with _serving(sick) as journey:
        running = asyncio.create_task(smoke(journey, lambda _: None))
        async with asyncio.timeout(5):
            while "initialize" not in sick.asked:
                await asyncio.sleep(0)
            running.cancel()
            with pytest.raises(asyncio.CancelledError):
                await running
    assert "delete" in sick.asked


def test_the_command_tells_in_one_line_that_nobody_is_there(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["smoke", "--url", "http://127.0.0.1:1", "--seconds", "0"]) == 1
    assert "GET /ping: ClientConnectorError" in capsys.readouterr().err.splitlines()[-1]
