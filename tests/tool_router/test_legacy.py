"""The revisions with a handshake: sessions that any replica serves and nobody else, and what is said in them."""

import json
from typing import Any

import pytest

from gateway.seal import KeyRing, bound
from tests.proxy.gate import StartPod
from tests.tool_router.desk import KEY, Desk, OpenDesk
from tests.tool_router.person import LATEST, SESSION, VERSION, Client, Person, message

REVISIONS = ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"]


@pytest.mark.parametrize("revision", REVISIONS)
async def test_handshake_agrees_on_the_revision_that_is_asked_for(desk: Desk, alice: Person, revision: str) -> None:
    desk.tool("a")
    hello = {"protocolVersion": revision, "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}}
    reply = await alice.http(message("initialize", hello, "hello"))
    result = reply.json()["result"]

    assert (reply.status, reply.header("content-type"), reply.json()["id"]) == (200, "application/json", "hello")
    assert result["protocolVersion"] == revision
    assert result["capabilities"] == {"tools": {"listChanged": True}}
    assert result["serverInfo"]["name"] == "mcp-gateway"

    client = Client(alice, reply.header(SESSION) or "", revision)
    begun = await client.post(message("notifications/initialized", id=None))
    assert (begun.status, begun.body, begun.header(SESSION)) == (202, b"", None)
    assert [tool["name"] for tool in (await client.ask("tools/list"))["result"]["tools"]] == ["a"]
    assert (await client.ask("ping"))["result"] == {}


@pytest.mark.parametrize("wanted", ["2026-07-28", "2099-01-01", "", None, 5, [], "2025-11-25 "])
async def test_handshake_offers_the_latest_where_it_does_not_know_the_revision(alice: Person, wanted: Any) -> None:
    reply = await alice.http(message("initialize", {"protocolVersion": wanted}))

    assert reply.json()["result"]["protocolVersion"] == LATEST


@pytest.mark.parametrize("params", [b"[]", b'"x"', b"1", b"null"])
async def test_handshake_about_nothing_is_an_error_with_its_id(alice: Person, params: bytes) -> None:
    reply = await alice.http(b'{"jsonrpc":"2.0","id":"h","method":"initialize","params":%b}' % params)

    assert (reply.status, reply.header(SESSION)) == (200, None)
    assert (reply.json()["id"], reply.json()["error"]["code"]) == ("h", -32602)


async def test_session_id_is_visible_ascii_and_given_once(alice: Person) -> None:
    client = await alice.begin()

    assert client.id.isascii()
    assert client.id.isprintable()
    assert " " not in client.id
    assert (await client.post(message("ping"))).header(SESSION) is None
    assert (await alice.begin()).id != client.id


async def test_session_is_open_wherever_its_key_is_known(open_desk: OpenDesk) -> None:
    old, new = b"o" * 16, b"n" * 16
    client = await Person(await open_desk(keys=[old])).begin("2025-06-18")

    for keys, status in (([old], 200), ([new, old], 200), ([old, new], 200), ([new], 404)):
        other = await open_desk(keys=keys)
        there = Client(Person(other), client.id, client.revision)
        assert (await there.post(message("ping"))).status == status
        assert other.router.counters.seals_refused == (0 if status == 200 else 1)


@pytest.mark.parametrize("id", ["bob", "Alice", "alice.", "alice, alice"])
async def test_session_of_another_caller_is_not_found(desk: Desk, alice: Person, id: str) -> None:
    client = await alice.begin()
    other = Client(Person(desk, id, "team,mcp.admin"), client.id, client.revision)

    reply = await other.post(message("ping"))
    assert reply.status == 404
    assert reply.json() == {"jsonrpc": "2.0", "id": None, "error": {"code": -32600, "message": "Session not found"}}


async def test_session_holds_whatever_becomes_of_the_callers_roles(desk: Desk, alice: Person) -> None:
    desk.tool("a")
    client = await alice.begin()
    now = Client(Person(desk, "alice", "other"), client.id, client.revision)

    assert (await now.ask("tools/list"))["result"]["tools"] == []


async def test_what_is_sealed_for_something_else_is_no_session(desk: Desk, alice: Person) -> None:
    seals = KeyRing([KEY])
    plain = b"2025-11-25" + bytes(8)
    for parts in (("adapter", "a", "alice"), ("adapter", "router", "alice"), ("tools/list", "alice"), ("router",)):
        forged = Client(alice, seals.seal(plain, bound(*parts)), LATEST)
        assert (await forged.post(message("ping"))).status == 404
    for at in range(4):
        desk.tool(f"t{at}")
    cursor = (await alice.modern("tools/list")).json()["result"]["nextCursor"]
    assert (await Client(alice, cursor, LATEST).post(message("ping"))).status == 404


@pytest.mark.parametrize("id", ["x", "a.b.c", "=", "x" * 8193, "\xff"])
async def test_forged_session_is_not_found(alice: Person, id: str) -> None:
    for method, body in (("POST", message("ping")), ("GET", None)):
        reply = await alice.http(body, (SESSION, id), method=method)
        assert (reply.status, reply.json()["error"]["message"]) == (404, "Session not found")


@pytest.mark.parametrize("body", [message("tools/list"), message("x", id=None), message("initialize", id=None), b"[]"])
async def test_whatever_needs_a_session_and_names_none_is_refused(alice: Person, body: bytes) -> None:
    for headers in ([], [(SESSION, "")], [(VERSION, LATEST)]):
        reply = await alice.http(body, *headers)
        assert (reply.status, reply.json()["error"]["message"]) == (400, "Bad Request: Missing session ID")


@pytest.mark.parametrize("accept", ["", "application/json", "text/event-stream"])
async def test_client_must_take_both_kinds(alice: Person, accept: str) -> None:
    reply = await alice.http(message("initialize", {}), ("Accept", accept))

    assert (reply.status, reply.body, reply.header(SESSION)) == (406, b"", None)


async def test_session_cannot_be_deleted_and_goes_on(alice: Person) -> None:
    client = await alice.begin()

    reply = await alice.http(None, *client.headers, method="DELETE")
    assert (reply.status, reply.header("allow")) == (405, "GET, POST")
    assert (await client.ask("ping"))["result"] == {}


@pytest.mark.parametrize("method", ["resources/list", "prompts/list", "logging/setLevel", "no/such", "server/discover"])
async def test_method_that_is_not_ours_is_an_error_in_a_200(alice: Person, method: str) -> None:
    answer = await (await alice.begin()).ask(method)

    assert answer["error"] == {"code": -32601, "message": f"Method not found: {method}"}


@pytest.mark.parametrize(
    ("params", "words"),
    [
        (None, "params.name: expected a string."),
        ({}, "params.name: expected a string."),
        ([], "params: expected an object."),
        ({"name": 1}, "params.name: expected a string."),
        ({"name": "a", "arguments": []}, "params.arguments: expected an object."),
        ({"name": "a", "arguments": "x"}, "params.arguments: expected an object."),
    ],
)
async def test_call_that_asks_for_nothing_is_an_error_in_a_200(alice: Person, params: Any, words: str) -> None:
    answer = await (await alice.begin()).ask("tools/call", params, "c")

    assert answer == {"jsonrpc": "2.0", "id": "c", "error": {"code": -32602, "message": words}}


async def test_answers_and_notifications_are_taken_and_dropped(alice: Person) -> None:
    client = await alice.begin()
    bodies = [
        b'{"jsonrpc":"2.0","id":1,"result":{}}',
        b'{"jsonrpc":"2.0","id":"x","error":{"code":1,"message":""}}',
        b'{"jsonrpc":"2.0","id":1,"result":null}',
        message("notifications/x", [1, 2], id=None),
        message("tools/call", {"name": "a"}, id=None),
        message("notifications/progress", "nonsense", id=None),
    ]
    for body in bodies:
        reply = await client.post(body)
        assert (reply.status, reply.body) == (202, b"")
    assert alice.desk.trail == []


@pytest.mark.parametrize("revision", REVISIONS)
async def test_structured_content_is_for_revisions_that_know_it(
    desk: Desk, alice: Person, start_pod: StartPod, revision: str
) -> None:
    desk.tool("a", await start_pod())
    result = (await (await alice.begin(revision)).call("a"))["result"]

    assert result["content"] == [{"type": "text", "text": "{}"}]
    assert ("structuredContent" in result) == (revision >= "2025-06-18")
    assert "resultType" not in result
    assert "_meta" not in result


async def test_pages_have_no_hints_that_only_the_later_revision_knows(desk: Desk, alice: Person) -> None:
    for at in range(4):
        desk.tool(f"t{at}")
    client = await alice.begin()
    first = (await client.ask("tools/list", {}))["result"]
    last = (await client.ask("tools/list", {"cursor": first["nextCursor"]}))["result"]

    assert (set(first), set(last)) == ({"tools", "nextCursor"}, {"tools"})
    wrong = await client.ask("tools/list", {"cursor": "forged"})
    assert wrong["error"] == {"code": -32602, "message": "params.cursor: not a cursor of this list."}


async def test_modern_words_in_a_session_mean_nothing(alice: Person) -> None:
    client = await alice.begin()
    reply = await alice.http(message("ping"), *client.headers, ("Mcp-Method", "tools/call"), ("Mcp-Name", "x"))

    assert reply.json()["result"] == {}


async def test_call_without_arguments_sends_an_empty_object(desk: Desk, alice: Person, start_pod: StartPod) -> None:
    tool = await start_pod()
    desk.tool("a", tool)
    client = await alice.begin()
    await client.ask("tools/call", {"name": "a"})
    await client.ask("tools/call", {"name": "a", "arguments": None})
    raw = b'{ "b" : 1.10,\n"a":"\\u00e9\\/", "n":12345678901234567890123 }'
    await client.post(b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"name":"a","arguments":%b}}' % raw)

    assert [exchange.body for exchange in tool.seen] == [b"{}", b"{}", raw]


BATCHES = "2025-03-26"


async def test_batch_is_answered_in_its_order_whatever_each_comes_to(
    desk: Desk, alice: Person, start_pod: StartPod
) -> None:
    desk.tool("a", await start_pod())
    client = await alice.begin(BATCHES)
    parts = [
        message("tools/call", {"name": "a"}, "call"),
        message("notifications/initialized", id=None),
        message("no/such", id=2),
        message("ping", id=3),
        message("tools/list", {"cursor": 5}, 4),
        b'{"jsonrpc":"2.0","id":5,"result":{}}',
        message("tools/list", {}, 6.5),
        message("initialize", {}, "i"),
    ]
    reply = await client.post(b" [%b]" % b",".join(parts))

    assert reply.header("content-type") == "application/json"
    answers = reply.json()
    assert [answer["id"] for answer in answers] == ["call", 2, 3, 4, 6.5, "i"]
    codes = [answer["error"]["code"] if "error" in answer else None for answer in answers]
    assert codes == [None, -32601, None, -32602, None, -32601]


async def test_batch_that_asks_nothing_is_accepted(alice: Person) -> None:
    client = await alice.begin(BATCHES)
    reply = await client.post(
        b"[%b,%b]" % (message("notifications/x", id=None), b'{"jsonrpc":"2.0","id":1,"result":1}')
    )

    assert (reply.status, reply.body) == (202, b"")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", -32600),
        (b"[1]", -32600),
        (b"[[]]", -32600),
        (b"[{}]", -32600),
        (b"[null]", -32600),
        (b'[{"jsonrpc":"2.0","id":null,"method":"x"}]', -32600),
        (b"[", -32700),
        (b"[NaN]", -32700),
        (b'[{"jsonrpc":"2.0","method":"\xff"}]', -32700),
        (b'[{"a":' * 100_000, -32700),
        (b"[%b]" % b",".join([message("ping")] * 51), -32600),
    ],
    ids=range(11),
)
async def test_batch_that_is_none_is_refused(alice: Person, body: bytes, code: int) -> None:
    reply = await (await alice.begin(BATCHES)).post(body)

    assert reply.status == 400
    assert (reply.json()["id"], reply.json()["error"]["code"]) == (None, code)


async def test_longest_batch_is_answered(alice: Person) -> None:
    parts = [message("ping", id=at) for at in range(50)]
    reply = await (await alice.begin(BATCHES)).post(b"[%b]" % b",".join(parts))

    assert [answer["id"] for answer in reply.json()] == list(range(50))


@pytest.mark.parametrize("revision", [each for each in REVISIONS if each != BATCHES])
async def test_batch_is_refused_in_revisions_without_them(alice: Person, revision: str) -> None:
    reply = await (await alice.begin(revision)).post(b"[%b]" % message("ping"))

    assert (reply.status, reply.json()["error"]["code"]) == (400, -32600)
    assert "2025-03-26" in reply.json()["error"]["message"]
    assert json.loads(reply.body)["id"] is None
