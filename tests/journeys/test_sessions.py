"""A session stays on the instance that holds it, for as long as that instance lives, and is nobody else's."""

import asyncio

import aiohttp
import pytest

from tests.journeys.caller import TEAM, Caller, adapter
from tests.journeys.client import SESSION, Client
from tests.journeys.events import event
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Reply
from tests.journeys.waiting import until

REPLICAS = 5
SESSIONS = 200
CALLS = 4
GONE = 1.0  # seconds until the sessions of a dead instance are not found
RESTARTED = 20.0  # on a cluster a pod outlives its process: until the next one says that it knows no such session


async def test_two_hundred_sessions_stay_on_their_five_instances_and_die_with_them_alone(
    gateway: Gateway, caller: Caller
) -> None:
    name = await caller.serving("recorder", replicaCount=REPLICAS)
    clients = [Client(caller, name) for _ in range(SESSIONS)]
    homes = await asyncio.gather(*(_used(client) for client in clients))
    assert len(set(homes)) == REPLICAS, "some instance got no session at all"

    ended, kept = clients[::2], clients[1::2]
    await asyncio.gather(*(_ended(client) for client in ended))
    home = homes[1]
    dead = [client for client, at in zip(kept, homes[1::2], strict=True) if at == home]
    alive = [client for client, at in zip(kept, homes[1::2], strict=True) if at != home]
    assert (await dead[0].calling("die")).status in (404, 502), "in flight: as soon as it is known that it is gone"
    seconds = GONE if gateway.embedded else RESTARTED
    await asyncio.gather(*(_not_found(client, seconds) for client in dead))
    counts = await asyncio.gather(*(client.call("counter") for client in alive))
    assert {count["n"] for count in counts} == {2 * CALLS + 1}
    again = await Client(caller, name).begin()
    assert (await again.call("counter"))["n"] == 1


async def _used(client: Client) -> int:
    """A session's POSTs and its GET stream, interleaved; the process that served them all."""
    await client.initialize()
    async with client.listening() as stream:
        counts = [await client.call("counter") for _ in range(CALLS)]
        await client.call("say")
        said = await event(stream)
        assert said
        assert said.data["method"] == "notifications/tools/list_changed"
        # At once, and the answers in whatever order: none of them waits for another.
        counts += await asyncio.gather(*(client.call("counter") for _ in range(CALLS)))
    assert sorted(count["n"] for count in counts) == list(range(1, 2 * CALLS + 1))
    assert len({count["pid"] for count in counts}) == 1
    return counts[0]["pid"]


async def _ended(client: Client) -> None:
    assert (await client.delete()).status == 200
    assert (await client.calling("counter")).status == 404


async def _not_found(client: Client, seconds: float) -> None:
    """A dead session is not found in time, in JSON-RPC, so that the client initialises again."""
    gone = await until(lambda: client.calling("counter"), lambda reply: reply.status != 502, seconds)
    assert gone.status == 404
    assert gone.json["error"]


async def test_streams_of_a_dead_instance_end_with_it(caller: Caller) -> None:
    name = await caller.serving("recorder")
    client = await Client(caller, name).begin()
    async with asyncio.timeout(5), client.listening() as stream:
        await client.calling("die")
        with pytest.raises(aiohttp.ClientPayloadError):
            await event(stream)


async def test_more_replicas_keep_every_session_where_it_is(caller: Caller) -> None:
    name = await caller.serving("recorder")
    body = adapter("recorder", name=name, replicaCount=3)
    clients = [Client(caller, name) for _ in range(4)]
    await asyncio.gather(*(client.initialize() for client in clients))
    before = [await client.call("counter") for client in clients]
    assert (await caller.put(f"/adapters/{name}", body)).status == 200
    await caller.ready(name, 3)
    after = [await client.call("counter") for client in clients]
    assert after == [{"n": 2, "pid": count["pid"]} for count in before]
    fresh = [Client(caller, name) for _ in range(24)]
    await asyncio.gather(*(client.initialize() for client in fresh))
    assert len({(await client.call("pid"))["pid"] for client in fresh}) > 1


async def test_session_of_another_caller_is_not_found(gateway: Gateway, caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder)
    await client.initialize()
    async with Caller(gateway.url, "mallory", TEAM) as mallory:
        stranger = Client(mallory, recorder)
        stranger.session = client.session
        _assert_indistinguishable(await stranger.calling("echo"), await _forged(Client(mallory, recorder)))
    assert (await client.call("counter"))["n"] == 1


async def test_session_of_another_adapter_is_not_found(caller: Caller) -> None:
    here, there = await asyncio.gather(caller.serving("recorder"), caller.serving("recorder"))
    client = Client(caller, here)
    await client.initialize()
    elsewhere = Client(caller, there)
    elsewhere.session = client.session
    _assert_indistinguishable(await elsewhere.calling("echo"), await _forged(Client(caller, there)))
    assert (await elsewhere.delete()).status == 404
    assert (await client.call("counter"))["n"] == 1


async def _forged(client: Client) -> Reply:
    """What a session id gets that the gateway never gave."""
    client.session = "not-an-id-of-the-gateway"
    return await client.calling("echo")


def _assert_indistinguishable(one: Reply, other: Reply) -> None:
    assert one.status == other.status == 404
    assert one.media == other.media == "application/json"
    assert one.json["error"] == other.json["error"]
    assert one.headers.keys() == other.headers.keys()


async def test_id_that_the_client_sees_is_not_the_servers_own(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder)
    await client.initialize()
    seen = await client.call("headers")
    arrived = [value for header, value in seen["headers"] if header == SESSION.lower()]
    assert len(arrived) == 1
    assert client.session not in arrived
    echoed = await client.calling("echo")
    assert echoed.headers[SESSION] == client.session, (
        "a client that takes the id from every reply must keep its session"
    )


async def test_session_can_come_in_the_query_and_is_not_passed_on_there(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder)
    await client.initialize()
    session, client.session = client.session, ""
    client.path += f"?session_id={session}&kept=1"
    seen = await client.call("headers")
    assert seen["target"] == "/mcp?kept=1"
    client.session = session
    assert (await client.call("counter"))["n"] == 1
    client.session = "another"
    assert (await client.calling("counter")).problem["status"] == 400


async def test_get_stream_opens_before_there_is_anything_to_say(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder)
    await client.initialize()
    async with asyncio.timeout(5), client.listening(Last_Event_ID="41") as stream:
        assert stream.status == 200
        assert stream.content_type == "text/event-stream"
        await client.call("say")
        said = await event(stream)
        assert said
        assert said.id == "42", "Last-Event-ID reached the server, and the id of its event came back"


async def test_elicitations_of_one_session_are_answered_side_by_side(caller: Caller, recorder: str) -> None:
    client = Client(caller, recorder)
    await client.initialize()
    answers = await asyncio.gather(*(_elicited(client, f"colour {n}") for n in range(20)))
    assert answers == [f"colour {n}" for n in range(20)]


async def _elicited(client: Client, colour: str) -> str:
    """Answers the server's question with a POST while the call it belongs to is still open."""
    async with client.posting(client.message("tools/call", {"name": "elicit", "arguments": {}})) as response:
        question = await event(response)
        assert question
        assert question.data["method"] == "elicitation/create"
        answer = {"action": "accept", "content": {"colour": colour}}
        posted = await client.post({"jsonrpc": "2.0", "id": question.data["id"], "result": answer})
        assert posted.status == 202
        result = await event(response)
        assert result
        return result.data["result"]["structuredContent"]["answer"]["content"]["colour"]


async def test_server_without_a_session_is_told_so_by_the_server_itself(caller: Caller, recorder: str) -> None:
    reply = await Client(caller, recorder).calling("echo")
    assert reply.status == 400
    assert "Missing session" in reply.json["error"]["message"]
    assert SESSION not in reply.headers


@pytest.mark.parametrize("method", ["PUT", "PATCH", "OPTIONS"])
async def test_other_methods_are_answered_with_those_there_are(caller: Caller, recorder: str, method: str) -> None:
    reply = await caller.ask(method, f"/adapters/{recorder}/mcp", {})
    assert reply.status == 405
    assert {allowed.strip() for allowed in reply.headers["Allow"].split(",")} == {"GET", "POST", "DELETE"}
