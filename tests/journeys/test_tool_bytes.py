"""Byte for byte: definitions, arguments and replies arrive as they were written, however odd the JSON."""

import msgspec
import pytest

from tests.journeys.caller import Caller, fresh
from tests.journeys.client import Client
from tests.journeys.reply import Reply
from tests.journeys.result import failure, result
from tests.journeys.tool_list import shown

# Key order, white space, escapes where none are needed, numbers that no double holds, nulls, members nobody knows,
# the same member twice.
ODD = (
    rb'{ "zeta" : 1,   "alpha":2.50,"big":123456789012345678901234567890, "tiny":1e-400,"f":1.10,"minus":-0.0,"e":1E5,'
    rb' "null" :null,"nested":[ { },[ ],[null, {"b":{"a":[]} }]],"escapes":"\u00e9 \ud83d\ude00 \/ \u0041\b\f\u2028",'
    rb'"plain":"\"\\'
    + "é 😀 \u2028 漢".encode()
    + rb'","":"nameless","x-vendor":{"y":18446744073709551617},"twice":1,"twice":2 }'
)
LINES = b'{\r\n\t"a" :\n\n [\n1,\r2 ]\n}'
ARGUMENTS: dict[str, bytes] = {
    "odd": ODD,
    "on several lines": LINES,
    "none": b"{}",
    "a space": b"{ }",
    "NUL": rb'{"a":"\u0000"}',
    "deep": b'{"a":' + b"[" * 500 + b"]" * 500 + b"}",
}
REPLIES: dict[str, str] = {
    "odd": ODD.decode(),
    "on several lines": LINES.decode(),
    "with an end": '{"a":1}\r\n',
    "none": "{}",
}


@pytest.mark.parametrize("arguments", ARGUMENTS.values(), ids=ARGUMENTS)
async def test_tool_gets_the_very_bytes_of_the_arguments(mcp: Client, tool: str, arguments: bytes) -> None:
    reply = await _called(mcp, tool, arguments)
    assert result(reply).text.encode() == arguments
    assert _structured(reply).strip() == arguments


@pytest.mark.parametrize("body", REPLIES.values(), ids=REPLIES)
async def test_caller_gets_the_very_bytes_of_the_reply(mcp: Client, tool: str, body: str) -> None:
    reply = await mcp.calling(tool, do="say", body=body)
    assert result(reply).text == body
    assert _structured(reply).strip() == body.strip().encode()


async def test_number_that_no_program_holds_arrives_or_is_refused_in_words(mcp: Client, tool: str) -> None:
    arguments = b'{"n":1e400}'
    reply = await _called(mcp, tool, arguments)
    if reply.json["result"].get("isError"):
        failure(reply)
    else:
        assert reply.json["result"]["content"][0]["text"].encode() == arguments


async def test_arguments_of_megabytes_arrive(mcp: Client, tool: str) -> None:
    text = 'ä\\"' * 500_000
    assert (await mcp.call(tool, text=text)) == {"text": text}


async def test_arguments_are_taken_wherever_they_stand_in_the_message(mcp: Client, tool: str) -> None:
    message = mcp.message("tools/call", {"arguments": msgspec.Raw(ODD), "name": tool, "x-vendor": {"arguments": {}}})
    turned = dict(reversed(message.items()))
    assert result(await mcp.post(turned)).text.encode() == ODD


@pytest.mark.parametrize("id", ["text", "", "é😀\\", 0, -1, 2**53 + 1, "1"])
async def test_answer_has_the_id_of_the_request_as_it_came(mcp: Client, tool: str, id: object) -> None:
    reply = await mcp.post({**mcp.message("tools/call", {"name": tool, "arguments": {}}), "id": id})
    assert result(reply).text == "{}"
    assert reply.json["id"] == id


DEFINITION = (
    rb'{"x-vendor":{"keep":null,"big":123456789012345678901234567890,"f":1.10,"e":1E5},"name":"%b", "title" : "\u00e9\ud83d\ude00\/",'
    rb' "inputSchema":{"$schema":"https://json-schema.org/draft/2020-12/schema","type":"object","x-unknown":[ ],'
    rb'"properties":{"z":{"type":"integer","default":null,"maximum":18446744073709551617},"a":{"const":1.0}},"$defs":{"d":{"$anchor":"x"}}},'
    rb'"description":"Odd.\n\u2028","annotations":{"readOnlyHint":true,"vendor":{"n":null}},"icons":[],"_meta":{"x/y":null}}'
)


@pytest.mark.parametrize("padding", [b"", b" \r\n\t "], ids=["plain", "padded"])
async def test_definition_is_listed_byte_for_byte_as_it_was_registered(
    caller: Caller, mcp: Client, padding: bytes
) -> None:
    name = fresh("odd")
    definition = (DEFINITION % name.encode()).replace(b'"annotations":', b'"annotations":' + padding)
    await caller.publish(definition=msgspec.Raw(definition), name=name, replicaCount=0)
    assert definition in (await shown(mcp, name)).reply.message


async def _called(client: Client, tool: str, arguments: bytes) -> Reply:
    return await client.post(client.message("tools/call", {"name": tool, "arguments": msgspec.Raw(arguments)}))


class _Answer(msgspec.Struct):
    result: dict[str, msgspec.Raw]


def _structured(reply: Reply) -> bytes:
    """The bytes of `structuredContent`, as they stand in the answer."""
    return bytes(msgspec.json.decode(reply.message, type=_Answer).result["structuredContent"])
