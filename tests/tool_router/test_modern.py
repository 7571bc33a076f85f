"""The revision without sessions: what a request must say about itself, in which order that is checked, and what it is told."""

import json
from typing import Any

import pytest

from tests.proxy.wire import Reply
from tests.tool_router.desk import Desk
from tests.tool_router.person import BOTH, META, MODERN, SESSION, VERSION, Person, message, modern_message

PV = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
LIST = [(VERSION, MODERN), ("Mcp-Method", "tools/list")]


def _refused(reply: Reply, status: int, code: int, id: Any = 1) -> dict[str, Any]:
    assert reply.status == status, reply.body
    assert reply.header("content-type") == "application/json"
    assert reply.header(SESSION) is None
    body = reply.json()
    assert set(body) == {"jsonrpc", "id", "error"}
    assert (body["jsonrpc"], body["id"], body["error"]["code"]) == ("2.0", id, code), body
    return body["error"]


HEADERS = {
    "no method": ([(VERSION, MODERN), ("Mcp-Name", "a")], -32020),
    "another method": ([(VERSION, MODERN), ("Mcp-Method", "tools/list"), ("Mcp-Name", "a")], -32020),
    "method in capitals": ([(VERSION, MODERN), ("Mcp-Method", "Tools/Call"), ("Mcp-Name", "a")], -32020),
    "method twice": ([(VERSION, MODERN), *[("Mcp-Method", "tools/call")] * 2, ("Mcp-Name", "a")], -32020),
    "no name": ([(VERSION, MODERN), ("Mcp-Method", "tools/call")], -32020),
    "empty name": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "")], -32020),
    "another name": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "b")], -32020),
    "name in capitals": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "A")], -32020),
    "name twice": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), *[("Mcp-Name", "a")] * 2], -32020),
    "broken base64": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?YQ?=")], -32020),
    "foreign base64": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?Y*==?=")], -32020),
    "base64 of no ASCII": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?\xff?=")], -32020),
    "another base64": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?base64?Yg==?=")], -32020),
    "sentinel's case": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "=?BASE64?YQ==?=")], -32020),
    "no version that is ours": ([(VERSION, "2027-01-01"), ("Mcp-Method", "tools/call"), ("Mcp-Name", "a")], -32020),
    "empty version": ([(VERSION, ""), ("Mcp-Method", "tools/call"), ("Mcp-Name", "a")], -32020),
    "version twice": ([*[(VERSION, MODERN)] * 2, ("Mcp-Method", "tools/call"), ("Mcp-Name", "a")], -32020),
    "invalid UTF-8": ([(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", "\xff")], -32020),
}


@pytest.mark.parametrize("case", HEADERS)
async def test_headers_that_do_not_say_what_the_body_says_are_refused(desk: Desk, alice: Person, case: str) -> None:
    headers, code = HEADERS[case]
    desk.tool("a")

    _refused(await alice.http(modern_message("tools/call", {"name": "a"}), *headers), 400, code)
    assert desk.trail == [], "no call"


@pytest.mark.parametrize("name", ["a", " a\t", "=?base64?YQ==?="])
async def test_name_may_be_padded_or_wrapped(desk: Desk, alice: Person, name: str) -> None:
    desk.tool("a", replicas=0)

    assert (await alice.call("a", {}, ("Mcp-Name", name)))["isError"]


async def test_name_that_no_header_can_say_is_wrapped(desk: Desk, alice: Person) -> None:
    desk.tool("wetter-zürich ☔", replicas=0)

    assert (await alice.call("wetter-zürich ☔", {}, ("Mcp-Name", "=?base64?d2V0dGVyLXrDvHJpY2gg4piU?=")))["isError"]


ENVELOPES: dict[str, tuple[Any, int]] = {
    "no params": (None, -32602),
    "params: null": ({"raw": b"null"}, -32602),
    "params: array": ({"raw": b"[]"}, -32602),
    "params: string": ({"raw": b'"x"'}, -32602),
    "no _meta": ({}, -32602),
    "_meta: null": ({"_meta": None}, -32602),
    "_meta: array": ({"_meta": []}, -32602),
    "_meta: string": ({"_meta": "x"}, -32602),
    "_meta: empty": ({"_meta": {}}, -32602),
    "no version": ({"_meta": {CAPABILITIES: {}}}, -32602),
    "no capabilities": ({"_meta": {PV: MODERN}}, -32602),
    "version: null": ({"_meta": {PV: None, CAPABILITIES: {}}}, -32020),
    "version: number": ({"_meta": {PV: 2026, CAPABILITIES: {}}}, -32020),
    "another version": ({"_meta": {PV: "2025-11-25", CAPABILITIES: {}}}, -32020),
}


@pytest.mark.parametrize("case", ENVELOPES)
async def test_envelope_that_is_incomplete_is_refused(alice: Person, case: str) -> None:
    params, code = ENVELOPES[case]
    if params and "raw" in params:
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/list","params":%b}' % params["raw"]
    else:
        body = message("tools/list", params)

    _refused(await alice.http(body, *LIST), 400, code)


@pytest.mark.parametrize("capabilities", [{}, {"sampling": {}}, None, [], 1])
async def test_capabilities_must_be_there_whatever_they_are(alice: Person, capabilities: Any) -> None:
    reply = await alice.http(message("tools/list", {"_meta": {**META, CAPABILITIES: capabilities}}), *LIST)

    assert reply.status == 200


@pytest.mark.parametrize("version", ["2027-01-01", "2026-07-27", "nonsense", "2026-07-28 ", "x" * 500])
async def test_unknown_revision_is_told_which_one_there_is(alice: Person, version: str) -> None:
    meta = {**META, PV: version.strip()}
    reply = await alice.http(message("tools/list", {"_meta": meta}), (VERSION, version), ("Mcp-Method", "tools/list"))
    if version.strip() == MODERN:
        assert reply.status == 200, "white space around a header's value is none of it"
        return

    error = _refused(reply, 400, -32022)
    assert error["data"] == {"supported": [MODERN], "requested": version[:128]}


@pytest.mark.parametrize(
    "method",
    [
        *("initialize", "ping", "logging/setLevel", "resources/list", "resources/subscribe", "prompts/list"),
        *("tasks/get", "completion/complete", "tools/Call", "no/such", "", "x" * 5000, "mé\nthode"),
    ],
)
async def test_method_that_is_not_ours_is_a_404_with_a_body(alice: Person, method: str) -> None:
    named = method if method.isascii() and method.isprintable() else "=?"
    reply = await alice.modern(method, {}, ("Mcp-Method", named))
    if named != method:
        _refused(reply, 400, -32020)
        return

    error = _refused(reply, 404, -32601)
    assert error["message"] == f"Method not found: {method[:128]}"


@pytest.mark.parametrize("method", ["prompts/get", "resources/read"])
async def test_names_of_what_we_do_not_have_are_compared_nevertheless(alice: Person, method: str) -> None:
    params = {"name": "x", "uri": "x"}

    _refused(await alice.modern(method, params), 400, -32020)
    _refused(await alice.modern(method, params, ("Mcp-Name", "x")), 404, -32601)


@pytest.mark.parametrize("name", [None, 1, True, [], {}])
async def test_tool_without_a_name_is_refused(alice: Person, name: Any) -> None:
    params = {} if name is True else {"name": name}
    reply = await alice.modern("tools/call", params)

    _refused(reply, 400, -32602 if params in ({}, {"name": None}) else -32020)


@pytest.mark.parametrize("arguments", [b"[]", b'"x"', b"1", b"true", b"[[{}]]"])
async def test_arguments_that_are_no_object_are_refused(desk: Desk, alice: Person, arguments: bytes) -> None:
    desk.tool("a")
    meta = json.dumps(META).encode()
    body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":%b,"name":"a","arguments":%b}}'
    reply = await alice.http(body % (meta, arguments), *alice.mirrored("tools/call", {"name": "a"}))

    assert _refused(reply, 400, -32602)["message"] == "params.arguments: expected an object."


async def test_discover_says_the_same_to_everybody(desk: Desk, alice: Person) -> None:
    reply = await alice.modern("server/discover")
    result = reply.json()["result"]

    assert reply.body == (await Person(desk, "bob", "").modern("server/discover")).body
    assert result["supportedVersions"] == [MODERN]
    assert result["capabilities"] == {"tools": {"listChanged": True}}
    assert (result["resultType"], result["cacheScope"], result["ttlMs"]) == ("complete", "public", 300_000)
    assert result["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "mcp-gateway"


async def test_list_says_how_long_and_for_whom_it_holds(desk: Desk, alice: Person) -> None:
    for name in ("a", "b", "c", "d"):
        desk.tool(name)
    first = (await alice.modern("tools/list")).json()["result"]
    last = (await alice.modern("tools/list", {"cursor": first["nextCursor"]})).json()["result"]

    for page in (first, last):
        assert (page["resultType"], page["cacheScope"], page["ttlMs"]) == ("complete", "private", 5_000)
        assert page["_meta"]["io.modelcontextprotocol/serverInfo"]["name"] == "mcp-gateway"
    assert [len(page["tools"]) for page in (first, last)] == [3, 1]
    assert "nextCursor" not in last


async def test_empty_list_is_a_list(alice: Person) -> None:
    assert (await alice.modern("tools/list")).json()["result"]["tools"] == []


@pytest.mark.parametrize("cursor", [1, [], {}, True, "", "forged"])
async def test_cursor_that_is_none_is_refused(alice: Person, cursor: Any) -> None:
    _refused(await alice.modern("tools/list", {"cursor": cursor}), 400, -32602)


async def test_null_cursor_is_no_cursor(alice: Person) -> None:
    assert (await alice.modern("tools/list", {"cursor": None})).status == 200


@pytest.mark.parametrize(
    "accept",
    [
        BOTH,
        "*/*",
        "application/*, text/*",
        "application/json;q=0.5,text/event-stream ; q=0.1",
        "TEXT/*,Application/JSON",
        "text/html, */*;q=0.1",
    ],
)
async def test_client_that_takes_both_kinds_is_served(alice: Person, accept: str) -> None:
    assert (await alice.modern("server/discover", {}, ("Accept", accept))).status == 200


@pytest.mark.parametrize(
    "accept", ["", "application/json", "text/event-stream", "text/*", "application/*", "text/html"]
)
async def test_client_that_does_not_take_both_kinds_is_not_acceptable(alice: Person, accept: str) -> None:
    reply = await alice.modern("server/discover", {}, ("Accept", accept))

    assert (reply.status, reply.body) == (406, b"")


async def test_accept_may_be_said_in_several_lines(alice: Person) -> None:
    lines = [("Accept", "text/event-stream"), ("Accept", "application/json")]

    assert (await alice.modern("server/discover", {}, *lines)).status == 200


async def test_session_of_the_other_era_is_ignored(alice: Person) -> None:
    client = await alice.begin()
    reply = await alice.modern("server/discover", {}, (SESSION, client.id), ("Last-Event-ID", "1"))

    assert reply.status == 200
    assert reply.header(SESSION) is None


async def test_notifications_are_taken_and_dropped(desk: Desk, alice: Person) -> None:
    for method in ("notifications/cancelled", "notifications/initialized", "tools/call", "no/such"):
        reply = await alice.http(message(method, {"x": 1}, id=None), (VERSION, MODERN))
        assert (reply.status, reply.body) == (202, b"")
    _refused(await alice.http(message("notifications/x", id=None), (VERSION, "2027-01-01")), 400, -32022, None)
    assert desk.trail == []
