"""Bodies: what is a message, and what is said about one that is none, in either era."""

import json
from typing import Any

import pytest

from tests.tool_router.desk import Desk, OpenDesk
from tests.tool_router.person import META, MODERN, VERSION, Person
from tests.tool_router.test_modern import LIST

META_JSON = json.dumps(META).encode()
LISTED = b'{"jsonrpc":"2.0","id":%b,"method":"tools/list","params":{"_meta":' + META_JSON + b"}}"

IDS = [
    b"1",
    b"0",
    b"-1",
    b"-0",
    b"1.0",
    b"1.50",
    b"1e3",
    b"1E400",
    b"123456789012345678901234567890",
    b"9" * 5_000,
    b'""',
    b'"1"',
    b'"\\u0041\\/\\n"',
    b'"\\ud83d\\ude00"',
    '"\u2028 é 😀"'.encode(),
    b'"' + b"x" * 10_000 + b'"',
]


@pytest.mark.parametrize("id", IDS, ids=range(len(IDS)))
async def test_id_is_given_back_as_it_came(alice: Person, id: bytes) -> None:
    """In both eras, whatever becomes of the request."""
    listed = await alice.http(LISTED % id, *LIST)
    unknown = await alice.http(
        (LISTED % id).replace(b"tools/list", b"no/such"), (VERSION, MODERN), ("Mcp-Method", "no/such")
    )
    client = await alice.begin()
    legacy = await client.post(LISTED % id)
    wrong = await client.post((LISTED % id).replace(b"tools/list", b"no/such"))

    assert [reply.status for reply in (listed, unknown, legacy, wrong)] == [200, 404, 200, 200]
    for reply in (listed, unknown, legacy, wrong):
        assert reply.body.startswith(b'{"jsonrpc":"2.0","id":%b,' % id)


def _spaced(id: bytes) -> bytes:
    return b' {\n "id" :\t%b , "jsonrpc":"2.0","method":"tools/list","params":{"_meta": %b }\r\n} ' % (id, META_JSON)


async def test_white_space_is_none_of_the_id(alice: Person) -> None:
    reply = await alice.http(_spaced(b"7"), *LIST)

    assert reply.body.startswith(b'{"jsonrpc":"2.0","id":7,"result"')


NO_MESSAGES: dict[str, tuple[bytes, int]] = {
    "empty": (b"", -32700),
    "space": (b"  \n", -32700),
    "half": (LISTED[:-3], -32700),
    "two": (b"{}{}", -32700),
    "no JSON": (b"hello", -32700),
    "NaN": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":NaN}}', -32700),
    "infinity": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":-Infinity}}', -32700),
    "single quotes": (b"{'jsonrpc':'2.0'}", -32700),
    "comment": (b'{"jsonrpc":"2.0"/**/,"id":1,"method":"x"}', -32700),
    "trailing comma": (b'{"jsonrpc":"2.0","id":1,"method":"x",}', -32700),
    "byte order mark": (b"\xef\xbb\xbf" + LISTED % b"1", -32700),
    "UTF-16": ((LISTED % b"1").decode().encode("utf-16"), -32700),
    "invalid UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xff"}}', -32700),
    "surrogate in UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xed\xa0\x80"}}', -32700),
    "overlong UTF-8": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\xc0\x80"}}', -32700),
    "lone surrogate": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\\ud800"}}', -32700),
    "line end in a string": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":{"a":"\n"}}', -32700),
    "too deep": (b'{"jsonrpc":"2.0","id":1,"method":"x","params":' + b"[" * 200_000 + b"]" * 200_000 + b"}", -32700),
    "not closed and deep": (b'{"a":' * 300_000, -32700),
    "null": (b"null", -32600),
    "string": (b'"x"', -32600),
    "number": (b"1", -32600),
    "empty object": (b"{}", -32600),
    "no version": (b'{"id":1,"method":"x"}', -32600),
    "version 1.0": (b'{"jsonrpc":"1.0","id":1,"method":"x"}', -32600),
    "version as a number": (b'{"jsonrpc":2.0,"id":1,"method":"x"}', -32600),
    "no method": (b'{"jsonrpc":"2.0","id":1}', -32600),
    "method: null": (b'{"jsonrpc":"2.0","id":1,"method":null}', -32600),
    "method: number": (b'{"jsonrpc":"2.0","id":1,"method":1}', -32600),
    "id: null": (b'{"jsonrpc":"2.0","id":null,"method":"x"}', -32600),
    "id: true": (b'{"jsonrpc":"2.0","id":true,"method":"x"}', -32600),
    "id: object": (b'{"jsonrpc":"2.0","id":{},"method":"x"}', -32600),
    "id: array": (b'{"jsonrpc":"2.0","id":[1],"method":"x"}', -32600),
}


@pytest.mark.parametrize("case", NO_MESSAGES)
async def test_body_that_is_no_message_is_refused_without_an_id(alice: Person, case: str) -> None:
    body, code = NO_MESSAGES[case]
    client = await alice.begin()

    for reply in (await alice.http(body, *LIST), await client.post(body)):
        assert reply.status == 400
        assert reply.json() | {"error": 0} == {"jsonrpc": "2.0", "id": None, "error": 0}
        assert reply.json()["error"]["code"] == code, reply.body
    assert alice.desk.router.counters.failed == 0


@pytest.mark.parametrize("body", [b"[]", b"[%b]" % (LISTED % b"1"), b" [1]", b'{"jsonrpc":"2.0","id":1,"result":{}}'])
async def test_batches_and_answers_are_refused_in_the_later_revision(alice: Person, body: bytes) -> None:
    reply = await alice.http(body, *LIST)

    assert (reply.status, reply.json()["id"]) == (400, None)
    assert reply.json()["error"]["code"] == -32600


async def test_key_given_twice_counts_as_it_was_given_last(alice: Person) -> None:
    body = b'{"jsonrpc":"2.0","id":1,"id":2,"method":"x","method":"tools/list","params":[],"params":{"_meta":%b}}'
    reply = await alice.http(body % META_JSON, *LIST)

    assert (reply.status, reply.json()["id"]) == (200, 2)


async def test_members_that_nobody_knows_are_nobodys_business(alice: Person) -> None:
    body = b'{"x":[1e999,{}],"jsonrpc":"2.0","id":1,"method":"tools/list","params":{"y":%b,"_meta":%b}}'
    reply = await alice.http(body % (b"9" * 6000, META_JSON), *LIST)

    assert reply.status == 200


async def test_body_at_the_limit_is_read_and_one_above_it_is_too_large(open_desk: OpenDesk) -> None:
    desk = await open_desk(body_limit=1000)
    alice = Person(desk)
    body = LISTED % b"1"

    assert (await alice.http(body + b" " * (1000 - len(body)), *LIST)).status == 200
    for path in (LIST, []):
        reply = await alice.http(body + b" " * (1001 - len(body)), *path)
        assert (reply.status, reply.json()["id"]) == (413, None)
        assert reply.json()["error"]["message"] == "The body may have 1,000 bytes."


async def test_endless_body_is_refused_before_its_end(open_desk: OpenDesk) -> None:
    desk = await open_desk(body_limit=100_000)
    alice = Person(desk)
    async with desk.connect() as connection:
        head = "\r\n".join(f"{name}: {value}" for name, value in alice.stamped(*LIST, ("Transfer-Encoding", "chunked")))
        await connection.send(f"POST /mcp HTTP/1.1\r\n{head}\r\n\r\n".encode())
        for _ in range(3):
            await connection.send(b"c350\r\n%b\r\n" % (b" " * 50_000))
        assert (await connection.head()).status == 413


@pytest.mark.parametrize("broken", [b"zz\r\n", b"5\r\nabcdefgh\r\n", b"-1\r\n"])
async def test_broken_framing_is_the_clients_fault(desk: Desk, alice: Person, broken: bytes, caplog: Any) -> None:
    async with desk.connect() as connection:
        head = "\r\n".join(f"{name}: {value}" for name, value in alice.stamped(*LIST, ("Transfer-Encoding", "chunked")))
        await connection.send(f"POST /mcp HTTP/1.1\r\n{head}\r\n\r\n".encode())
        await connection.send(b"1\r\n \r\n")
        await connection.send(broken)
        reply = await connection.reply()
    assert reply.status == 400
    assert desk.router.counters.failed == 0
    assert not [record for record in caplog.records if record.name.startswith("tool_router")]
    caplog.clear()  # aiohttp's own word on it


async def test_client_that_leaves_within_its_body_is_no_failure(desk: Desk, alice: Person) -> None:
    for _ in range(5):
        async with desk.connect() as connection:
            head = "\r\n".join(f"{name}: {value}" for name, value in alice.stamped(*LIST, ("Content-Length", "100")))
            await connection.send(f"POST /mcp HTTP/1.1\r\n{head}\r\n\r\n".encode() + b"{")
            connection.reset()
    assert (await alice.modern("server/discover")).status == 200
    assert desk.router.counters.failed == 0


async def test_nesting_is_answered_at_every_depth(desk: Desk, alice: Person) -> None:
    """Readers differ in how deep they look: none of them may turn up as an error of ours."""
    desk.tool(
        "a",
        replicas=0,
        tool={"inputSchema": {"type": "object", "properties": {"r": {"type": "string", "x-mcp-header": "R"}}}},
    )
    headers = alice.mirrored("tools/call", {"name": "a"})
    refused = set[int]()
    for depth in (10, 500, 2_000, *range(9_900, 10_020), 12_000):
        arguments = b'{"a":' + b"[" * depth + b"]" * depth + b"}"
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":%b,"name":"a","arguments":%b}}'
        reply = await alice.http(body % (META_JSON, arguments), *headers)
        assert reply.status in (200, 400), (depth, reply.body)
        refused.add(reply.status)
    assert refused == {200, 400}
    assert desk.router.counters.failed == 0


@pytest.mark.parametrize("number", [b"1e400", b"-1e400", b"9" * 5_000])
async def test_number_that_no_program_can_hold_is_no_error_of_ours(desk: Desk, alice: Person, number: bytes) -> None:
    """Neither where arguments are repeated in headers."""
    mirrored = {"inputSchema": {"type": "object", "properties": {"r": {"type": "string", "x-mcp-header": "R"}}}}
    desk.tool("a", replicas=0)
    desk.tool("b", replicas=0, tool=mirrored)
    for name in ("a", "b"):
        body = b'{"jsonrpc":"2.0","id":1,"method":"tools/call","params":{"_meta":%b,"name":"%b","arguments":{"n":%b}}}'
        reply = await alice.http(
            body % (META_JSON, name.encode(), number), *alice.mirrored("tools/call", {"name": name})
        )
        assert reply.status == 200, reply.body
        assert "out of range" in reply.json()["result"]["content"][0]["text"]
