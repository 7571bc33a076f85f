"""What a request of 2026-07-28 says twice, in headers and in its body, must agree: each way in which it may not, at `/mcp`."""

import base64
from collections.abc import AsyncGenerator, Callable

import msgspec
import pytest
import pytest_asyncio

from tests.fakes.wire import MODERN
from tests.journeys.caller import TEAM, Caller
from tests.journeys.client import ACCEPT, ENVELOPE, Client
from tests.journeys.gateway import Gateway
from tests.journeys.raw import told
from tests.journeys.reply import Json, Reply

MISMATCH = (400, -32020)
PARAMS = (400, -32602)
INVALID = (400, -32600)
VERSION = "MCP-Protocol-Version"
PROTOCOL = "io.modelcontextprotocol/protocolVersion"
CAPABILITIES = "io.modelcontextprotocol/clientCapabilities"
REGION = {
    "type": "object",
    "properties": {
        "region": {"type": "string", "x-mcp-header": "Region"},
        "deep": {"type": "object", "properties": {"n": {"type": "integer", "x-mcp-header": "N"}}},
    },
}

type Lines = list[tuple[str, str]]


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def mirrored(gateway: Gateway) -> AsyncGenerator[str]:
    """A tool with arguments that clients repeat in headers."""
    async with Caller(gateway.url) as owner:
        yield await owner.publish(definition={"description": "x", "inputSchema": REGION}, requiredRoles=[TEAM])


def wrapped(text: str) -> str:
    """As a client sends what is no plain ASCII."""
    return f"=?base64?{base64.b64encode(text.encode()).decode()}?="


async def sent(caller: Caller, lines: Lines, message: object) -> Reply:
    """The reply to a message with these very headers, and those that every client sends."""
    body = message if isinstance(message, bytes) else msgspec.json.encode(message)
    head = [*ACCEPT.items(), ("Content-Length", str(len(body))), *caller.headers.items(), *lines]
    return await told(caller.url, "POST", "/mcp", head, body)


def call(name: str, arguments: Json | None = None, envelope: Json = ENVELOPE) -> Json:
    """A call as a modern client sends it."""
    params = {"name": name, "arguments": arguments or {}, "_meta": envelope}
    return {"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": params}


def usual(name: str) -> Lines:
    """The headers of a call."""
    return [(VERSION, MODERN), ("Mcp-Method", "tools/call"), ("Mcp-Name", name)]


WELL: dict[str, Callable[[str], Lines]] = {
    "plain": usual,
    "names in capitals": lambda name: [(header.upper(), value) for header, value in usual(name)],
    "names in small letters": lambda name: [(header.lower(), value) for header, value in usual(name)],
    "white space around values": lambda name: [(header, f" \t{value} \t ") for header, value in usual(name)],
    "name in base64": lambda name: [*usual(name)[:2], ("Mcp-Name", wrapped(name))],
    "unknown Mcp-Param": lambda name: [*usual(name), ("Mcp-Param-Unheard-Of", "x")],
    "stale session": lambda name: [*usual(name), ("Mcp-Session-Id", "stale")],
}


@pytest.mark.parametrize("lines", WELL.values(), ids=WELL)
async def test_headers_that_agree_are_accepted_however_they_are_written(
    caller: Caller, tool: str, lines: Callable[[str], Lines]
) -> None:
    reply = await sent(caller, lines(tool), call(tool, {"a": 1}))
    assert reply.status == 200, reply.body
    assert reply.json["result"]["structuredContent"] == {"a": 1}


ILL: dict[str, Callable[[str], Lines]] = {
    "no method": lambda name: [usual(name)[0], usual(name)[2]],
    "no name": lambda name: usual(name)[:2],
    "another method": lambda name: [(VERSION, MODERN), ("Mcp-Method", "tools/list"), ("Mcp-Name", name)],
    "method in capitals": lambda name: [(VERSION, MODERN), ("Mcp-Method", "TOOLS/CALL"), ("Mcp-Name", name)],
    "another name": lambda name: [*usual(name)[:2], ("Mcp-Name", "another")],
    "name in capitals": lambda name: [*usual(name)[:2], ("Mcp-Name", name.upper())],
    "empty name": lambda name: [*usual(name)[:2], ("Mcp-Name", "")],
    "another name in base64": lambda name: [*usual(name)[:2], ("Mcp-Name", wrapped("another"))],
    "base64 without its end": lambda name: [*usual(name)[:2], ("Mcp-Name", wrapped(name)[:-2])],
    "base64 in capitals": lambda name: [*usual(name)[:2], ("Mcp-Name", wrapped(name).replace("base64", "BASE64"))],
    "base64 of other letters": lambda name: [*usual(name)[:2], ("Mcp-Name", "=?base64?!!!?=")],
    "base64 without padding": lambda name: [*usual(name)[:2], ("Mcp-Name", "=?base64?YQ?=")],
}


@pytest.mark.parametrize("lines", ILL.values(), ids=ILL)
async def test_headers_that_do_not_agree_are_refused_and_the_tool_is_not_called(
    caller: Caller, tool: str, lines: Callable[[str], Lines]
) -> None:
    client = Client(caller, modern=True)
    before = (await client.call(tool, do="about"))["calls"]
    refused(await sent(caller, lines(tool), call(tool)), MISMATCH, id=1)
    assert (await client.call(tool, do="about"))["calls"] == before


@pytest.mark.parametrize("header", [VERSION, "Mcp-Method", "Mcp-Name"])
async def test_header_given_twice_is_refused_even_if_both_say_the_same(caller: Caller, tool: str, header: str) -> None:
    again = [line for line in usual(tool) if line[0] == header]
    reply = await sent(caller, [*usual(tool), *again], call(tool))
    assert reply.status == 400
    assert header.lower() in reply.body.decode().lower()


ENVELOPES: dict[str, tuple[str, Json, tuple[int, int]]] = {
    "header of another revision": ("2027-01-01", ENVELOPE, MISMATCH),
    "body of another revision": (MODERN, {**ENVELOPE, PROTOCOL: "2027-01-01"}, MISMATCH),
    "body of an old revision": (MODERN, {**ENVELOPE, PROTOCOL: "2025-11-25"}, MISMATCH),
    "revision nobody knows": ("2027-01-01", {**ENVELOPE, PROTOCOL: "2027-01-01"}, (400, -32022)),
    "no revision at all": ("latest", {**ENVELOPE, PROTOCOL: "latest"}, (400, -32022)),
    "empty envelope": (MODERN, {}, PARAMS),
    "no revision in the body": (MODERN, {CAPABILITIES: {}}, PARAMS),
    "no capabilities": (MODERN, {PROTOCOL: MODERN}, PARAMS),
}


@pytest.mark.parametrize(("version", "envelope", "answer"), ENVELOPES.values(), ids=ENVELOPES)
@pytest.mark.parametrize("method", ["tools/list", "tools/call", "server/discover", "subscriptions/listen"])
async def test_envelope_that_is_not_right_is_refused(
    caller: Caller, tool: str, method: str, version: str, envelope: Json, answer: tuple[int, int]
) -> None:
    params: Json = {"name": tool, "arguments": {}, "notifications": {}, "_meta": envelope}
    message = {"jsonrpc": "2.0", "id": "a", "method": method, "params": params}
    lines = [(VERSION, version), ("Mcp-Method", method), ("Mcp-Name", tool)]
    reply = await sent(caller, lines, message)
    refused(reply, answer, id="a")
    if answer[1] == -32022:
        assert reply.json["error"]["data"] == {"supported": [MODERN], "requested": version}


async def test_client_that_does_not_say_its_name_is_served(caller: Caller, tool: str) -> None:
    envelope: Json = {PROTOCOL: MODERN, CAPABILITIES: {}}
    assert (await sent(caller, usual(tool), call(tool, envelope=envelope))).status == 200


BODIES: dict[str, tuple[bytes, tuple[int, int]]] = {
    "batch": (b'[{"jsonrpc":"2.0","id":1,"method":"tools/list"}]', INVALID),
    "answer": (b'{"jsonrpc":"2.0","id":1,"result":{}}', INVALID),
    "no id for a request": (b'{"jsonrpc":"2.0","id":null,"method":"tools/list","params":{}}', INVALID),
    "id that is an object": (b'{"jsonrpc":"2.0","id":{},"method":"tools/list","params":{}}', INVALID),
    "neither": (b'{"jsonrpc":"2.0"}', INVALID),
    "number": (b"7", INVALID),
    "no JSON": (b'{"jsonrpc":"2.0",', (400, -32700)),
    "nothing": (b"", (400, -32700)),
    "no UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"tools/\xff"}', (400, -32700)),
}


@pytest.mark.parametrize(("body", "answer"), BODIES.values(), ids=BODIES)
async def test_body_that_is_no_message_is_refused_without_an_id(
    caller: Caller, body: bytes, answer: tuple[int, int]
) -> None:
    refused(await sent(caller, [(VERSION, MODERN), ("Mcp-Method", "tools/list")], body), answer, id=None)


async def test_notifications_are_accepted(caller: Caller) -> None:
    note = {"jsonrpc": "2.0", "method": "notifications/unheard-of", "params": {"_meta": ENVELOPE}}
    reply = await sent(caller, [(VERSION, MODERN), ("Mcp-Method", "notifications/unheard-of")], note)
    assert (reply.status, reply.body) == (202, b"")


@pytest.mark.parametrize("method", ["GET", "DELETE"])
async def test_there_is_nothing_but_post(caller: Caller, method: str) -> None:
    reply = await caller.ask(method, "/mcp", {VERSION: MODERN})
    assert (reply.status, reply.headers["Allow"]) == (405, "POST")


PARAMETERS: dict[str, tuple[Json, Lines, bool]] = {
    "agrees": ({"region": "eu-1"}, [("Mcp-Param-Region", "eu-1")], True),
    "agrees, in small letters": ({"region": "eu-1"}, [("mcp-param-region", "eu-1")], True),
    "agrees, in base64": ({"region": "Zürich"}, [("Mcp-Param-Region", wrapped("Zürich"))], True),
    "agrees, deep inside": ({"deep": {"n": 42}}, [("Mcp-Param-N", "42")], True),
    "neither": ({}, [], True),
    "missing": ({"region": "eu-1"}, [], False),
    "another": ({"region": "eu-1"}, [("Mcp-Param-Region", "us-1")], False),
    "another deep inside": ({"deep": {"n": 42}}, [("Mcp-Param-N", "43")], False),
    "in capitals": ({"region": "eu-1"}, [("Mcp-Param-Region", "EU-1")], False),
    "bad base64": ({"region": "eu-1"}, [("Mcp-Param-Region", "=?base64?SGVsbG8?=")], False),
    "no argument": ({}, [("Mcp-Param-Region", "eu-1")], False),
    "twice": ({"region": "eu-1"}, [("Mcp-Param-Region", "eu-1")] * 2, False),
}


@pytest.mark.parametrize(("arguments", "lines", "agrees"), PARAMETERS.values(), ids=PARAMETERS)
async def test_arguments_repeated_in_headers_must_be_the_same(
    caller: Caller, mirrored: str, arguments: Json, lines: Lines, agrees: bool
) -> None:
    reply = await sent(caller, [*usual(mirrored), *lines], call(mirrored, arguments))
    if agrees:
        assert reply.status == 200, reply.body
        assert reply.json["result"]["structuredContent"] == arguments
    else:
        refused(reply, MISMATCH, id=1)


async def test_sessions_know_no_such_headers(caller: Caller, mirrored: str) -> None:
    client = await Client(caller).begin()
    message = client.message("tools/call", {"name": mirrored, "arguments": {"region": "eu-1"}})
    reply = await client.post(message, Mcp_Name="another", Mcp_Method="another", Mcp_Param_Region="another")
    assert reply.json["result"]["structuredContent"] == {"region": "eu-1"}


@pytest.mark.parametrize("arguments", [{"region": "eu-1"}, {}])
async def test_mirrors_of_a_hidden_tool_are_not_looked_at(bob: Caller, mirrored: str, arguments: Json) -> None:
    # A mismatch would tell that the tool is there.
    reply = await sent(bob, usual(mirrored), call(mirrored, arguments))
    assert reply.json["error"] == {"code": -32602, "message": f"Unknown tool: {mirrored}"}


@pytest.mark.parametrize("origin", ["http://evil.example", "null"])
async def test_page_of_another_origin_may_not_call(caller: Caller, origin: str) -> None:
    for method in ("GET", "POST", "DELETE"):
        assert (await caller.ask(method, "/mcp", {"Origin": origin})).problem["status"] == 403


def refused(reply: Reply, answer: tuple[int, int], *, id: object) -> None:
    """A JSON-RPC error with its HTTP status, code, words and the request's id."""
    assert (reply.status, reply.media) == (answer[0], "application/json"), reply.body
    body = reply.json
    assert (body["jsonrpc"], body["id"], body["error"]["code"]) == ("2.0", id, answer[1]), body
    assert body["error"]["message"]
