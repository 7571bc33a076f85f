"""Servers that misbehave, each with the answer that the gateway promises for it."""

import asyncio

import aiohttp
import pytest

from tests.fakes.echoes_raw_session_id import STRAY
from tests.journeys.caller import Caller
from tests.journeys.client import SESSION, Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway
from tests.journeys.waiting import PATIENCE, until

BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


@BOTH
async def test_server_that_dies_before_a_byte_is_a_bad_gateway(caller: Caller, modern: bool) -> None:
    name = await caller.serving("dies-on-first-call")
    client = await Client(caller, name, modern=modern).begin()
    reply = await client.calling("echo")
    assert reply.status == 502 if modern else reply.status in (404, 502), "404: its session is gone by now"


@BOTH
async def test_server_that_breaks_off_its_stream_breaks_it_off_for_the_client_too(caller: Caller, modern: bool) -> None:
    name = await caller.serving("breaks-mid-stream")
    client = await Client(caller, name, modern=modern).begin()
    call = client.message("tools/call", {"name": "echo", "arguments": {}})
    async with client.posting(call) as stream:
        assert stream.status == 200
        assert await event(stream)
        with pytest.raises(aiohttp.ClientPayloadError):
            await event(stream)


@BOTH
async def test_head_reaches_the_client_before_the_first_byte_of_the_body(caller: Caller, modern: bool) -> None:
    name = await caller.serving("slow-first-byte", environmentVariables={"BODY_SECONDS": "30"})
    client = await Client(caller, name, modern=modern).begin()
    call = client.message("tools/call", {"name": "echo", "arguments": {}})
    async with asyncio.timeout(5), client.posting(call) as stream:
        assert (stream.status, stream.content_type) == (200, "text/event-stream")


async def test_server_that_never_answers_is_a_timeout(gateway: Gateway, caller: Caller) -> None:
    if gateway.head > 2 * PATIENCE:
        pytest.skip(f"takes {gateway.head} s there")
    name = await caller.serving("slow-first-byte", environmentVariables={"HEAD_SECONDS": str(2 * gateway.head)})
    client = await Client(caller, name).begin()
    assert (await client.calling("echo")).problem["status"] == 504


async def test_session_id_of_the_server_never_reaches_a_client(caller: Caller) -> None:
    name = await caller.serving("echoes-raw-session-id")
    client = await Client(caller, name).begin()
    session = client.session
    assert session != STRAY
    assert (await client.calling("echo")).headers[SESSION] == session
    client.session = ""
    refused = await client.calling("echo")
    assert refused.status == 400
    assert SESSION not in refused.headers, "an id on an error is already dead"
    modern = await Client(caller, name, modern=True).calling("echo")
    assert (modern.status, SESSION in modern.headers) == (200, False)


async def test_session_that_is_given_a_new_id_goes_on_under_it_and_not_under_the_old(caller: Caller) -> None:
    name = await caller.serving("rotates-session-id")
    client = await Client(caller, name).begin()
    seen: list[str] = []
    for n in range(1, 4):
        seen.append(client.session)
        reply = await client.calling("counter")
        assert reply.json["result"]["structuredContent"]["n"] == n
        client.session = reply.headers[SESSION]
    assert len({*seen, client.session}) == 4
    client.session = seen[0]
    assert (await client.calling("counter")).status == 404


@pytest.mark.parametrize("tool", ["echo", "proxy"])
@BOTH
async def test_server_that_wants_credentials_of_its_own_is_a_bad_gateway(
    caller: Caller, modern: bool, tool: str
) -> None:
    name = await caller.serving("answers-own-401")
    client = await Client(caller, name, modern=modern).begin()
    reply = await client.calling(tool)
    assert reply.problem["status"] == 502
    assert not {"WWW-Authenticate", "Proxy-Authenticate"} & reply.headers.keys(), "a client would follow it"


@BOTH
async def test_redirect_of_a_server_is_not_followed_and_leads_nowhere(caller: Caller, modern: bool) -> None:
    name = await caller.serving("redirects")
    client = await Client(caller, name, modern=modern).begin()
    reply = await client.calling("echo")
    assert reply.status == 307
    assert "Location" not in reply.headers


@BOTH
async def test_server_that_refuses_foreign_hosts_serves_the_gateway(caller: Caller, modern: bool) -> None:
    name = await caller.serving("refuses-foreign-host")
    client = await Client(caller, name, modern=modern).begin()
    assert await client.call("echo", text="x") == {"text": "x"}


async def test_server_that_died_is_started_again_and_serves_new_sessions(caller: Caller) -> None:
    name = await caller.serving("recorder")
    client = await Client(caller, name).begin()
    before = await client.call("pid")
    await client.calling("die")
    again = Client(caller, name)
    await again.initialize()
    assert (await again.call("pid"))["pid"] != before["pid"]
    restarted = await until(lambda: caller.status(name), lambda status: status["readyReplicas"] == 1)
    assert restarted["instances"][0]["restarts"] == 1
