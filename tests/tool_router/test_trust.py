"""Who is believed: nobody without the secret, and then whom it names."""

import asyncio

import pytest

from tests.proxy.wire import Headers, Reply, request
from tests.tool_router.desk import SECRET, Desk, OpenDesk
from tests.tool_router.person import Person, modern_message

NAMED = ("X-Mcp-UserId", "alice")
KNOWS = ("X-Gateway-Secret", SECRET)
MODERN = [("MCP-Protocol-Version", "2026-07-28"), ("Mcp-Method", "server/discover")]
BODY = modern_message("server/discover")


async def _asked(desk: Desk, headers: Headers, method: str = "POST", path: str = "/mcp") -> Reply:
    """The reply to exactly these headers."""
    async with desk.connect() as connection:
        usual = [("Host", "mcp"), ("Accept", "application/json, text/event-stream"), *MODERN]
        await connection.send(request(method, path, [*usual, *headers], BODY if method == "POST" else None))
        return await connection.reply(method)


@pytest.mark.parametrize(
    "headers",
    [
        [],
        [NAMED],
        [KNOWS],
        [KNOWS, ("X-Mcp-UserId", "")],
        [NAMED, ("X-Gateway-Secret", "")],
        [NAMED, ("X-Gateway-Secret", SECRET[:-1])],
        [NAMED, ("X-Gateway-Secret", SECRET + "x")],
        [NAMED, ("X-Gateway-Secret", SECRET.upper())],
        [NAMED, ("X-Gateway-Secret", f"{SECRET}, {SECRET}")],
        [NAMED, ("X-Gateway-Secret", "\xff\xfe")],
        [NAMED, KNOWS, KNOWS],
        [NAMED, KNOWS, ("X-Gateway-Secret", "another")],
        [NAMED, ("X-Gateway-Secret", "another"), KNOWS],
        [NAMED, ("X-Mcp-UserId", "mallory"), KNOWS],
        [NAMED, KNOWS, ("X-Mcp-Roles", "a"), ("X-Mcp-Roles", "mcp.admin")],
    ],
)
@pytest.mark.parametrize("method", ["POST", "GET", "DELETE"])
async def test_whoever_is_not_vouched_for_once_gets_an_empty_401(desk: Desk, headers: Headers, method: str) -> None:
    reply = await _asked(desk, headers, method)

    assert (reply.status, reply.body) == (401, b"")
    assert reply.header("www-authenticate") is None


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ([], "The gateway's secret is missing or wrong."),
        ([NAMED, ("X-Gateway-Secret", SECRET[:-1])], "The gateway's secret is missing or wrong."),
        ([NAMED, KNOWS, KNOWS], "The gateway's secret is missing or wrong."),
        ([KNOWS], "No caller is named, once."),
        ([NAMED, NAMED, KNOWS], "No caller is named, once."),
    ],
)
async def test_refusal_is_in_the_trail_without_a_name_or_the_secret(desk: Desk, headers: Headers, reason: str) -> None:
    await _asked(desk, [*headers, ("X-Request-Id", "r-1")], path="/mcp?key=hush")

    (line,) = desk.audited
    del line["time"]
    assert line == {
        "event": "access.denied",
        "who": "",
        "what": "POST /mcp",
        "result": "denied",
        "requestId": "r-1",
        "reason": reason,
    }
    assert not any(part in desk.trail[0] for part in (SECRET.encode()[:-1], b"alice", b"hush"))


async def test_probes_and_other_places_leave_no_trail(desk: Desk) -> None:
    for path in ("/ping", "/ready", "/else"):
        await _asked(desk, [], "GET", path)

    assert desk.trail == []


async def test_both_secrets_are_believed_while_one_replaces_the_other(open_desk: OpenDesk) -> None:
    desk = await open_desk(secrets=("the-new-secret", "the-old-secret"))

    for secret, status in (("the-new-secret", 200), ("the-old-secret", 200), (SECRET, 401), ("", 401)):
        assert (await _asked(desk, [NAMED, ("X-Gateway-Secret", secret)])).status == status


async def test_no_secret_at_all_believes_nobody(open_desk: OpenDesk) -> None:
    desk = await open_desk(secrets=("",))

    assert (await _asked(desk, [NAMED, ("X-Gateway-Secret", "")])).status == 401


async def test_caller_without_roles_is_a_caller(desk: Desk) -> None:
    assert (await _asked(desk, [NAMED, KNOWS])).status == 200


async def test_name_that_is_no_utf8_is_a_name(desk: Desk) -> None:
    desk.tool("mine", createdBy="al\udcefice")

    assert await Person(desk, id="al\xefice", roles="").names() == ["mine"]


@pytest.mark.parametrize("path", ["/", "/mcp/", "/MCP", "/mcp/x", "/adapters/a/mcp", "//mcp", "/ping/"])
async def test_other_places_are_not_there(desk: Desk, path: str) -> None:
    reply = await _asked(desk, [NAMED, KNOWS], path=path)

    assert (reply.status, reply.body) == (404, b"")


async def test_probes_need_no_secret(desk: Desk) -> None:
    for path in ("/ping", "/ready"):
        reply = await _asked(desk, [], "GET", path)
        assert (reply.status, reply.body) == (200, b"")


async def test_not_ready_before_the_catalog_is_and_while_draining(desk: Desk) -> None:
    desk.view.synced = False
    assert [(await _asked(desk, [], "GET", path)).status for path in ("/ping", "/ready")] == [200, 503]

    desk.view.synced = True
    assert (await _asked(desk, [], "GET", "/ready")).status == 200

    async with asyncio.timeout(5):
        await desk.router.drain()
    assert [(await _asked(desk, [], "GET", path)).status for path in ("/ping", "/ready")] == [200, 503]


async def test_retired_router_is_unready_and_serves_on(desk: Desk) -> None:
    alice = Person(desk)
    desk.router.retire()
    assert [(await _asked(desk, [], "GET", path)).status for path in ("/ping", "/ready")] == [200, 503]
    assert (await alice.modern("server/discover")).status == 200
    async with alice.listening() as stream:
        desk.tool("a")
        assert await stream.event(), "streams are opened, and told of changes"


@pytest.mark.parametrize("method", ["DELETE", "PUT", "PATCH", "OPTIONS", "HEAD"])
async def test_other_methods_are_named(desk: Desk, method: str) -> None:
    """Sessions are sealed: there is nothing to delete."""
    alice = Person(desk)

    legacy = await alice.http(b"" if method in ("PUT", "PATCH") else None, method=method)
    modern = await alice.http(b"" if method in ("PUT", "PATCH") else None, *MODERN, method=method)

    assert (legacy.status, legacy.header("allow"), legacy.body) == (405, "GET, POST", b"")
    assert (modern.status, modern.header("allow"), modern.body) == (405, "POST", b"")


async def test_get_of_the_later_revision_is_none(desk: Desk) -> None:
    reply = await Person(desk).http(None, *MODERN, method="GET")

    assert (reply.status, reply.header("allow")) == (405, "POST")
