"""What a tool answers, and what its caller gets of it: each row of the table in docs/tools.md; and nothing of it stays behind."""

import asyncio
from collections.abc import AsyncGenerator
from http import HTTPStatus

import msgspec
import pytest
import pytest_asyncio

from tests.fakes.answers import EVENTS
from tests.journeys.caller import TEAM, Caller, fresh
from tests.journeys.client import Client
from tests.journeys.gateway import Gateway
from tests.journeys.reply import Json
from tests.journeys.result import failure, result

LIMIT = 10_000_000  # bytes of a reply
SECONDS = 1  # the time-out of a tool in a hurry
HTML = "<!doctype html><h1>It works</h1>"
REASON = "the moon is not in stock"
SCHEMA = {
    "type": "object",
    "properties": {"n": {"type": "integer", "minimum": 0}, "list": {"type": "array", "items": {"type": "string"}}},
    "required": ["n"],
}


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def hasty(gateway: Gateway) -> AsyncGenerator[str]:
    """A tool that is given SECONDS for a call."""
    async with Caller(gateway.url) as owner:
        yield await owner.publish(requiredRoles=[TEAM], timeoutSeconds=SECONDS)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def strict(gateway: Gateway) -> AsyncGenerator[str]:
    """A tool that says in SCHEMA what it takes and what it answers."""
    definition = {"description": "Strict.", "inputSchema": SCHEMA, "outputSchema": SCHEMA}
    async with Caller(gateway.url) as owner:
        yield await owner.publish(definition=definition, requiredRoles=[TEAM])


async def clean(client: Client, name: str) -> None:
    """The next call, on the same connection, gets its own answer and no byte of another."""
    nonce = fresh("nonce")
    again = result(await client.calling(name, nonce=nonce))
    assert again.text == msgspec.json.encode({"nonce": nonce}).decode()
    assert again.structured == {"nonce": nonce}
    assert not again.failed


GOOD: dict[str, tuple[Json, str, Json | None]] = {
    "object": ({"do": "say", "body": '{"a":{"b":null}}'}, '{"a":{"b":null}}', {"a": {"b": None}}),
    "object among white space": ({"do": "say", "body": " \r\n\t{ } \n"}, " \r\n\t{ } \n", {}),
    "array": ({"do": "say", "body": "[1, 2]"}, "[1, 2]", None),
    "number": ({"do": "say", "body": "42"}, "42", None),
    "string": ({"do": "say", "body": '"text"'}, '"text"', None),
    "null": ({"do": "say", "body": "null"}, "null", None),
    "no JSON, though it says so": ({"do": "say", "body": '{"a": 1,}'}, '{"a": 1,}', None),
    "two objects": ({"do": "say", "body": '{"a":1}{"b":2}'}, '{"a":1}{"b":2}', None),
    "text": (
        {"do": "say", "body": 'Grüße,\n\t"Welt" \\ \u2028 😀', "media": "text/plain"},
        'Grüße,\n\t"Welt" \\ \u2028 😀',
        None,
    ),
    "control characters": (
        {"do": "say", "body": "a\x00b\x1b[0m\x7f", "media": "text/plain"},
        "a\x00b\x1b[0m\x7f",
        None,
    ),
    "html": ({"do": "say", "body": HTML, "media": "text/html"}, HTML, None),
    "a kind nobody knows": ({"do": "say", "body": "x", "media": "application/x-unheard-of"}, "x", None),
    "nothing": ({"do": "say"}, "", None),
    "201": ({"do": "say", "status": 201, "body": "made", "media": "text/plain"}, "made", None),
    "202": ({"do": "say", "status": 202, "body": '{"later":true}'}, '{"later":true}', {"later": True}),
    "204": ({"do": "say", "status": 204}, "", None),
    "events that end": ({"do": "events"}, EVENTS.decode(), None),
    "body in two halves": ({"do": "drip", "seconds": 0.1}, "first, second", None),
    "chunks": ({"do": "flood", "size": 123_456}, "z" * 123_456, None),
    "as large as it may be": ({"do": "huge", "size": LIMIT}, "z" * LIMIT, None),
    "two answers": ({"do": "twice"}, '{"do":"twice"}', {"do": "twice"}),
}


@pytest.mark.parametrize(("arguments", "text", "structured"), GOOD.values(), ids=GOOD)
async def test_text_of_a_tool_is_the_result_whatever_kind_of_text_it_is(
    mcp: Client, tool: str, arguments: Json, text: str, structured: Json | None
) -> None:
    found = result(await mcp.calling(tool, **arguments))
    assert not found.failed, found.text[:1000]
    assert found.text == text
    assert found.structured == structured
    await clean(mcp, tool)


BAD: dict[str, tuple[Json, list[str]]] = {
    "binary": ({"do": "binary"}, ["text"]),
    "larger than it may be": ({"do": "huge", "size": LIMIT + 1}, [f"{LIMIT:,}"]),
    "larger, and nobody knew": ({"do": "flood", "size": LIMIT + 1}, [f"{LIMIT:,}"]),
    "half of the body": ({"do": "half"}, []),
    "half of the chunks": ({"do": "halfchunk"}, []),
    "nothing at all": ({"do": "silence"}, []),
    "no HTTP": ({"do": "garbage"}, []),
    "a reset": ({"do": "reset"}, []),
    "a reset in the body": ({"do": "resetlate"}, []),
    "400 with detail": (
        {"do": "say", "status": 400, "body": f'{{"detail":"{REASON}"}}'},
        ["400", "Bad Request", REASON],
    ),
    "404 with message": (
        {"do": "say", "status": 404, "body": f'{{"message":"{REASON}"}}'},
        ["404", "Not Found", REASON],
    ),
    "422 with error": (
        {"do": "say", "status": 422, "body": f'{{"error":"{REASON}"}}'},
        ["422", HTTPStatus(422).phrase, REASON],
    ),
    "409 without a word": ({"do": "say", "status": 409}, ["409", "Conflict"]),
    "404 without a JSON body": ({"do": "say", "status": 404, "body": HTML, "media": "text/html"}, ["404", "Not Found"]),
    "400 with a detail that is no string": ({"do": "say", "status": 400, "body": '{"detail":[{"x":1}]}'}, ["400"]),
    "499, which has no name": ({"do": "say", "status": 499}, ["499"]),
    "401": ({"do": "challenge", "status": 401, "body": REASON}, ["401", "Unauthorized"]),
    "403": ({"do": "challenge", "status": 403, "body": REASON}, ["403", "Forbidden"]),
    "407": ({"do": "challenge", "status": 407, "body": REASON}, ["407"]),
    "500": ({"do": "say", "status": 500, "body": f'{{"detail":"{REASON}"}}'}, ["500", "Internal Server Error"]),
    "502 in HTML": ({"do": "say", "status": 502, "body": HTML, "media": "text/html"}, ["502", "Bad Gateway"]),
    "503": ({"do": "say", "status": 503, "body": REASON, "media": "text/plain"}, ["503", "Service Unavailable"]),
}


@pytest.mark.parametrize(("arguments", "words"), BAD.values(), ids=BAD)
async def test_what_is_no_text_or_no_success_is_a_failed_result_that_says_why(
    mcp: Client, tool: str, arguments: Json, words: list[str]
) -> None:
    said = failure(await mcp.calling(tool, **arguments))
    assert [word for word in words if word not in said] == []
    assert "<" not in said, "HTML is for people with browsers"
    assert (REASON in said) == (REASON in words)
    await clean(mcp, tool)


@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
async def test_redirects_are_not_followed(mcp: Client, tool: str, status: int) -> None:
    key = fresh()
    said = failure(await mcp.calling(tool, do="redirect", status=status, key=key))
    assert str(status) in said
    assert (await mcp.call(tool, do="witness", key=key))["entries"] == ["started", "finished"]
    await clean(mcp, tool)


@pytest.mark.parametrize("do", ["slow", "drip", "endless"])
async def test_tool_that_takes_longer_than_it_may_is_cut_off(mcp: Client, hasty: str, do: str) -> None:
    clock = asyncio.get_running_loop().time
    key, begun = fresh(), clock()
    said = failure(await mcp.calling(hasty, do=do, key=key))
    assert SECONDS - 0.1 < clock() - begun < SECONDS + 10
    assert f"{SECONDS} s" in said
    seen = await mcp.call(hasty, do="witness", key=key, entry="disconnected", seconds=0.5)
    assert seen["entries"] == ["started", "disconnected"]
    await clean(mcp, hasty)


async def test_compressed_reply_is_text_again_or_a_failure_and_never_a_muddle(mcp: Client, tool: str) -> None:
    found = result(await mcp.calling(tool, do="packed"))
    assert found.failed or found.text == '{"do":"packed"}'
    await clean(mcp, tool)


async def test_no_trouble_reaches_the_calls_beside_it(mcp: Client, tool: str) -> None:
    troubles = [arguments for arguments, _ in BAD.values() if "size" not in arguments]

    async def troubled(arguments: Json) -> None:
        failure(await mcp.calling(tool, **arguments))

    await asyncio.gather(*(work for arguments in troubles for work in (troubled(arguments), clean(mcp, tool))))


WRONG: dict[str, tuple[Json, list[str]]] = {
    "missing": ({}, ["n"]),
    "wrong type": ({"n": "one"}, ["n", "integer"]),
    "too small": ({"n": -1}, ["n", "minimum"]),
    "wrong deep inside": ({"n": 1, "list": ["a", 2]}, ["list", "1"]),
}


@pytest.mark.parametrize(("arguments", "words"), WRONG.values(), ids=WRONG)
async def test_arguments_that_do_not_fit_are_refused_in_words_and_the_tool_is_not_called(
    mcp: Client, strict: str, arguments: Json, words: list[str]
) -> None:
    key = fresh()
    said = failure(await mcp.calling(strict, **arguments, key=key))
    assert [word for word in words if word not in said] == []
    looked = result(await mcp.calling(strict, n=1, do="witness", key=key))
    assert "started" not in looked.text


@pytest.mark.parametrize("arguments", [b"[1]", b'"text"', b"7", b"true"])
async def test_arguments_that_are_no_object_never_reach_the_tool(mcp: Client, tool: str, arguments: bytes) -> None:
    before = (await mcp.call(tool, do="about"))["calls"]
    reply = await mcp.post(mcp.message("tools/call", {"name": tool, "arguments": msgspec.Raw(arguments)}))
    if "error" in reply.json:
        assert reply.json["error"]["code"] == -32602
        assert reply.status == (400 if mcp.modern else 200)
    else:
        failure(reply)
    assert (await mcp.call(tool, do="about"))["calls"] == before


@pytest.mark.parametrize("params", [{}, {"arguments": None}], ids=["absent", "null"])
async def test_call_without_arguments_is_a_call_with_none(mcp: Client, tool: str, params: Json) -> None:
    assert result(await mcp.ask("tools/call", name=tool, **params)).text == "{}"


OFF_SCHEMA: dict[str, tuple[str, list[str]]] = {
    "no JSON": ("plain", ["JSON"]),
    "nothing": ("", ["JSON"]),
    "no object": ("[1]", ["object"]),
    "member missing": ('{"list":[]}', ["n"]),
    "wrong type": ('{"n":"one"}', ["n", "integer"]),
    "wrong deep inside": ('{"n":1,"list":["a",2]}', ["list", "1"]),
}


@pytest.mark.parametrize(("body", "words"), OFF_SCHEMA.values(), ids=OFF_SCHEMA)
async def test_reply_that_is_not_what_the_tool_promised_is_a_failure_that_says_where(
    mcp: Client, strict: str, body: str, words: list[str]
) -> None:
    said = failure(await mcp.calling(strict, n=1, do="say", body=body))
    assert [word for word in words if word not in said] == []


async def test_reply_that_is_as_promised_comes_as_it_is(mcp: Client, strict: str) -> None:
    found = result(await mcp.calling(strict, n=1, do="say", body='{ "n": 2, "more": null }'))
    assert (found.text, found.structured, found.failed) == ('{ "n": 2, "more": null }', {"n": 2, "more": None}, False)
