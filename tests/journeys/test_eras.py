"""Both eras of MCP on one URL: sessions up to 2025-11-25, none in 2026-07-28."""

import asyncio

import pytest

from tests.fakes.wire import MODERN
from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import SESSION, Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway

REPLICAS = 3
MANY = 100  # people; after a dozen all instances have been met, as a rule
BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


async def test_both_eras_are_served_side_by_side_on_one_url(caller: Caller, recorder: str) -> None:
    modern, legacy = Client(caller, recorder, modern=True), Client(caller, recorder)
    await legacy.initialize()
    found = await modern.post(modern.message("server/discover", {}))
    assert found.json["result"]["supportedVersions"] == [MODERN]
    replies = await asyncio.gather(*(client.call("echo", text="hi") for client in (modern, legacy) * 5))
    assert replies == [{"text": "hi"}] * 10


async def test_modern_answers_carry_no_session_and_modern_requests_need_none(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder, modern=True)
    reply = await client.post(client.message("tools/call", {"name": "echo", "arguments": {}}), Mcp_Session_Id="stale")
    assert reply.status == 200, "an id left over from a session of before is ignored"
    assert SESSION not in reply.headers


async def test_one_principal_meets_one_instance_and_many_meet_them_all(
    gateway: Gateway, caller: Caller, trio: str
) -> None:
    mine = await asyncio.gather(*(Client(caller, trio, modern=True).call("pid") for _ in range(10)))
    assert len({answer["pid"] for answer in mine}) == 1
    met: set[int] = set()
    for number in range(MANY):
        async with Caller(gateway.url, f"person-{number}", TEAM) as person:
            met.add((await Client(person, trio, modern=True).call("pid"))["pid"])
        if len(met) == REPLICAS:
            break
    assert len(met) == REPLICAS


async def test_adapter_without_affinity_spreads_one_principal(caller: Caller) -> None:
    name = await caller.serving("recorder", replicaCount=REPLICAS, affinity="none")
    answers = await asyncio.gather(*(Client(caller, name, modern=True).call("pid") for _ in range(40)))
    assert len({answer["pid"] for answer in answers}) > 1


async def test_get_and_delete_do_not_exist_in_the_modern_era(caller: Caller, recorder: str) -> None:
    for method in ("GET", "DELETE"):
        reply = await caller.ask(method, f"/adapters/{recorder}/mcp", {"MCP-Protocol-Version": MODERN})
        assert reply.status == 405
        assert reply.headers["Allow"] == "POST"


async def test_errors_of_the_server_arrive_with_its_status_and_body(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder, modern=True)
    unknown = await client.post(client.message("no/such", {}))
    assert (unknown.status, unknown.json["error"]["code"]) == (404, -32601)
    mismatch = await client.post(client.message("tools/list", {}), Mcp_Method="prompts/list")
    assert (mismatch.status, mismatch.json["error"]["code"]) == (400, -32020)


@BOTH
async def test_unknown_adapter_has_no_json_rpc_body_so_that_clients_fail_cleanly(caller: Caller, modern: bool) -> None:
    client = Client(caller, "nobody-registered-this", modern=modern)
    assert (await client.calling("echo")).problem["status"] == 404


async def test_listen_stream_is_acknowledged_at_once_and_hears_changes(caller: Caller, recorder: str) -> None:
    key = fresh()
    client = Client(caller, recorder, modern=True)
    wanted = client.message("subscriptions/listen", {"notifications": {"toolsListChanged": True}})
    async with asyncio.timeout(5), client.posting(wanted, X_Journey=key) as stream:
        acknowledged = await event(stream)
        assert acknowledged
        assert acknowledged.data["method"] == "notifications/subscriptions/acknowledged"
        await client.call("witness", key=key, entry="opened")
        await client.call("say")
        changed = await event(stream)
        assert changed
        assert changed.data["method"] == "notifications/tools/list_changed"


@BOTH
async def test_events_arrive_as_they_are_sent_and_not_when_the_stream_ends(
    caller: Caller, recorder: str, modern: bool
) -> None:
    client = await Client(caller, recorder, modern=modern).begin()
    message = client.message("tools/call", {"name": "progress", "arguments": {"steps": 2, "seconds": 30}})
    async with asyncio.timeout(5), client.posting(message) as stream:
        first = await event(stream)
        assert first
        assert first.data["method"] == "notifications/progress"
