"""Sessions of the handshake revisions at `/mcp`, and the methods a server of tools has and has not, in both eras."""

import pytest

from tests.fakes.wire import HANDSHAKE, MODERN
from tests.journeys.caller import Caller
from tests.journeys.client import SESSION, Client
from tests.journeys.reply import Json, Reply
from tests.journeys.result import result
from tests.journeys.tool_list import page

BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])
STRUCTURED = "2025-06-18"  # the first revision whose results have structured content
FOREIGN: tuple[tuple[str, Json], ...] = (
    ("resources/list", {}),
    ("resources/templates/list", {}),
    ("resources/read", {"uri": "file:///etc/passwd"}),
    ("resources/subscribe", {"uri": "file:///etc/passwd"}),
    ("prompts/list", {}),
    ("prompts/get", {"name": "any"}),
    ("completion/complete", {"ref": {"type": "ref/prompt", "name": "any"}, "argument": {"name": "a", "value": "b"}}),
    ("logging/setLevel", {"level": "debug"}),
    ("sampling/createMessage", {}),
    ("tasks/get", {"taskId": "1"}),
    ("no/such", {}),
    ("tools/Call", {}),
    ("", {}),
)


@pytest.mark.parametrize("revision", HANDSHAKE)
async def test_session_of_every_revision_lists_and_calls(caller: Caller, tool: str, revision: str) -> None:
    client = Client(caller)
    client.revision = revision
    begun = await client.initialize()
    found = begun.json["result"]
    assert found["protocolVersion"] == revision
    assert found["capabilities"] == {"tools": {"listChanged": True}}
    assert found["serverInfo"]["name"]
    assert found["serverInfo"]["version"]
    assert all(0x21 <= ord(character) <= 0x7E for character in client.session)
    assert (await page(client)).names
    called = result(await client.calling(tool, text="hi"))
    assert called.text == '{"text":"hi"}'
    assert called.structured == ({"text": "hi"} if revision >= STRUCTURED else None)


@pytest.mark.parametrize("revision", ["1999-01-01", MODERN, "", "2025-11-25 ", 7, None])
async def test_revision_nobody_knows_is_answered_with_the_newest_that_has_a_handshake(
    caller: Caller, revision: object
) -> None:
    client = Client(caller)
    params: Json = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "x", "version": "1"}}
    reply = await client.ask("initialize", **params)
    assert reply.status == 200
    assert reply.json["result"]["protocolVersion"] == HANDSHAKE[-1]


async def test_session_id_is_given_once_and_not_repeated(caller: Caller, tool: str) -> None:
    client = await Client(caller).begin()
    for reply in (await client.calling(tool), await client.ask("tools/list"), await client.ask("no/such")):
        assert SESSION not in reply.headers


async def test_no_two_sessions_have_the_same_id(caller: Caller) -> None:
    assert len({(await Client(caller).begin()).session for _ in range(5)}) == 5


async def test_session_of_another_caller_is_not_found_like_one_nobody_gave(ada: Caller, bob: Caller) -> None:
    mine, his, forged, changed = await Client(ada).begin(), Client(bob), Client(bob), Client(ada)
    his.session, forged.session = mine.session, "not-an-id-of-the-gateway"
    changed.session = mine.session[:-4] + ("AAAA" if mine.session[-4:] != "AAAA" else "BBBB")
    for client in (his, forged, changed):
        assert_not_found(await client.ask("tools/list"))
        assert_not_found(await client.calling("any"))
        assert_not_found(await client.post({"jsonrpc": "2.0", "method": "notifications/initialized"}))
    assert (await mine.ask("ping")).status == 200


async def test_session_of_an_adapter_is_none_of_the_router(caller: Caller, recorder: str) -> None:
    adapters, routers = await Client(caller, recorder).begin(), await Client(caller).begin()
    adapters.session, routers.session = routers.session, adapters.session
    assert (await adapters.calling("echo")).status == 404
    assert (await routers.ask("tools/list")).status == 404


async def test_session_can_come_in_the_query(caller: Caller, tool: str) -> None:
    client = await Client(caller).begin()
    session, client.session = client.session, ""
    client.path += f"?session_id={session}"
    assert await client.call(tool, text="hi") == {"text": "hi"}
    client.session = "another"
    assert (await client.calling(tool)).status == 400


@pytest.mark.parametrize("method", ["tools/list", "tools/call", "ping"])
async def test_request_without_a_session_is_told_that_it_needs_one(caller: Caller, method: str) -> None:
    reply = await Client(caller).ask(method, name="any")
    assert reply.status == 400
    assert "session" in reply.json["error"]["message"].lower()


async def test_session_cannot_be_deleted_and_goes_on(caller: Caller, tool: str) -> None:
    client = await Client(caller).begin()
    refused = await client.delete()
    assert refused.status == 405
    assert {allowed.strip() for allowed in refused.headers["Allow"].split(",")} == {"GET", "POST"}
    assert await client.call(tool, text="still") == {"text": "still"}


async def test_ping_is_answered_in_sessions_and_is_gone_in_the_modern_era(caller: Caller) -> None:
    assert (await (await Client(caller).begin()).ask("ping")).json["result"] == {}
    gone = await Client(caller, modern=True).ask("ping")
    assert (gone.status, gone.json["error"]["code"]) == (404, -32601)


@BOTH
@pytest.mark.parametrize(("method", "params"), FOREIGN, ids=[method or "empty" for method, _ in FOREIGN])
async def test_method_of_another_kind_of_server_is_not_found(
    caller: Caller, modern: bool, method: str, params: Json
) -> None:
    client = await Client(caller, modern=modern).begin()
    message = client.message(method, params)
    reply = await client.post(message, **({"Mcp-Name": params["uri"]} if modern and "uri" in params else {}))
    assert reply.status == (404 if modern else 200)
    assert reply.json["error"]["code"] == -32601
    assert reply.json["id"] == message["id"]
    assert (await client.ask("tools/list")).status == 200


async def test_handshake_is_not_found_in_the_modern_era(caller: Caller) -> None:
    reply = await Client(caller, modern=True).ask("initialize", protocolVersion=HANDSHAKE[-1], capabilities={})
    assert (reply.status, reply.json["error"]["code"]) == (404, -32601)
    assert SESSION not in reply.headers


async def test_modern_server_says_what_it_is(caller: Caller) -> None:
    found = (await Client(caller, modern=True).ask("server/discover")).json["result"]
    assert found["supportedVersions"] == [MODERN]
    assert found["capabilities"] == {"tools": {"listChanged": True}}
    assert found["resultType"] == "complete"
    assert found["cacheScope"] in ("public", "private")
    assert found["ttlMs"] >= 0
    assert found["_meta"]["io.modelcontextprotocol/serverInfo"]["name"]


@pytest.mark.parametrize(
    "message",
    [
        {"jsonrpc": "2.0", "method": "notifications/initialized"},
        {"jsonrpc": "2.0", "method": "notifications/roots/list_changed", "params": {}},
        {"jsonrpc": "2.0", "method": "notifications/unheard-of"},
        {"jsonrpc": "2.0", "id": 1, "result": {}},
        {"jsonrpc": "2.0", "id": "x", "error": {"code": 1, "message": "no"}},
    ],
    ids=lambda message: str(message.get("method", "answer")),
)
async def test_notifications_and_answers_of_a_session_are_accepted_and_not_answered(
    caller: Caller, message: Json
) -> None:
    reply = await (await Client(caller).begin()).post(message)
    assert (reply.status, reply.body) == (202, b"")


async def test_batch_is_answered_in_the_one_revision_that_has_them(caller: Caller, tool: str) -> None:
    client = Client(caller)
    client.revision = "2025-03-26"
    await client.initialize()
    call = client.message("tools/call", {"name": tool, "arguments": {"a": 1}})
    ping, note = client.message("ping", {}), {"jsonrpc": "2.0", "method": "notifications/unheard-of"}
    answers = {answer["id"]: answer["result"] for answer in (await _batch(client, [call, note, ping])).json}
    assert answers.keys() == {call["id"], ping["id"]}
    assert answers[call["id"]]["content"] == [{"type": "text", "text": '{"a":1}'}]
    later = await Client(caller).begin()
    assert (await _batch(later, [later.message("ping", {})])).status == 400


async def test_modern_request_with_a_session_id_left_over_is_served(caller: Caller, tool: str) -> None:
    client = Client(caller, modern=True)
    message = client.message("tools/call", {"name": tool, "arguments": {"text": "hi"}})
    reply = await client.post(message, Mcp_Session_Id="stale", Last_Event_ID="7")
    assert result(reply).structured == {"text": "hi"}
    assert SESSION not in reply.headers


def assert_not_found(reply: Reply) -> None:
    """The one answer for which a client initialises again."""
    assert (reply.status, reply.media) == (404, "application/json")
    assert reply.json["error"]
    assert "session" in reply.json["error"]["message"].lower()


async def _batch(client: Client, messages: list[Json]) -> Reply:
    return await client.post(messages)  # pyright: ignore[reportArgumentType] - an array, for once
