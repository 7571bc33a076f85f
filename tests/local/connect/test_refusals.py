"""What a client and a person are told when HTTP says no, or nothing at all."""

import asyncio
import socket
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from tests.local.connect.far_side import Seen, event, far_side, result, stream
from tests.local.connect.near_side import Json, Near, bridged, modern, notification, request
from tests.local.waiting import holds


@asynccontextmanager
async def refusing(status: int, body: bytes = b"", kind: str = "text/plain", **headers: str) -> AsyncGenerator[Near]:
    """In front of somebody who always answers so."""

    async def react(seen: Seen) -> web.StreamResponse:
        return web.Response(status=status, body=body, content_type=kind, headers=headers)

    async with far_side(react) as far, bridged(far.url) as near:
        yield near


async def test_a_json_rpc_error_is_passed_on_as_it_is() -> None:
    body = b'{"jsonrpc":"2.0", "id":1,"error":{"code":-32020,"message":"x","data":{"a":1.0}}}'
    async with refusing(400, body, "application/json") as near:
        for message in (request(1, "a"), modern(1, "a")):
            near.send(message)
            assert await near.line() == body
        assert near.said == []


async def test_an_error_with_id_null_gets_the_id_of_the_request() -> None:
    async with refusing(
        500, b'{"jsonrpc":"2.0","id":null,"error":{"code":1,"message":"x"}}', "application/json"
    ) as near:
        near.send(request("r", "a"))
        assert await near.line() == b'{"jsonrpc":"2.0","id":"r","error":{"code":1,"message":"x"}}'


async def test_an_error_for_another_request_is_not_passed_on() -> None:
    async with refusing(400, b'{"jsonrpc":"2.0","id":9,"error":{"code":1,"message":"x"}}', "application/json") as near:
        assert await near.ask(request(1, "a")) == error(1, "The gateway answered 400 Bad Request.")


@pytest.mark.parametrize(
    ("status", "body", "message"),
    [
        (403, b'{"title":"Forbidden","detail":"You may not call `a`."}', "You may not call `a`."),
        (502, b"<html><h1>Bad Gateway</h1></html>", "The gateway answered 502 Bad Gateway."),
        (503, b"", "The gateway answered 503 Service Unavailable."),
        (500, b'{"detail":7}', "The gateway answered 500 Internal Server Error."),
        (599, b"[]", "The gateway answered 599."),
        (
            401,
            b'{"detail":"who?"}',
            "The gateway does not accept the token (401): check --azure, --token-command or --header Authorization.",
        ),
        (500, b'{"jsonrpc":"2.0","method":"x"}', "The gateway answered 500 Internal Server Error."),
        (404, b"x" * 2_000_000, "The gateway answered 404 Not Found."),
    ],
)
async def test_any_other_refusal_becomes_an_error_and_one_line_for_a_person(
    status: int, body: bytes, message: str
) -> None:
    async with refusing(status, body) as near:
        assert await near.ask(modern(1, "a")) == error(1, message)
        assert near.said == [message]


async def test_a_refused_notification_is_said_and_not_answered() -> None:
    async with refusing(403, b'{"detail":"No."}') as near:
        near.send(notification("notifications/a"))
        await near.says("notifications/a did not arrive: No.")
        assert near.received.empty()


async def test_nobody_there_is_an_error_and_the_next_request_is_tried_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as reserved:
        port: int = reserved.getsockname()[1]
    url = f"http://127.0.0.1:{port}/mcp"
    async with bridged(url) as near:
        for message in (request(1, "a"), modern(1, "a")):
            assert await near.ask(message) == error(1, f"{url} cannot be reached: connection refused.")
        near.send(notification("notifications/a"))
        await near.says("notifications/a did not arrive")
        async with far_side(port=port):
            assert (await near.ask(request(3, "a")))["result"] == {"method": "a"}


async def test_a_name_without_an_address_is_an_error() -> None:
    async with bridged("http://nowhere.invalid:1/mcp?key=geheim") as near:
        reply = await near.ask(request(1, "a"))
        assert reply == error(1, "http://nowhere.invalid:1/mcp cannot be reached: nowhere.invalid has no address.")


async def test_something_that_is_not_http_is_an_error() -> None:
    async def garbage(reader: object, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-OpenSSH\r\n")
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(garbage, "127.0.0.1", 0)
    async with server, bridged(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/mcp") as near:
        assert "broke before the answer" in (await near.ask(request(1, "a")))["error"]["message"]


@pytest.mark.parametrize("body", [b"<html>Log in to the hotel's network</html>", b"", b'{"id":2,"result":{}}'])
async def test_a_200_without_an_answer_is_an_error(body: bytes) -> None:
    async with refusing(200, body, "text/html") as near:
        near.send(modern(1, "a"))
        replies = [await near.receive() for _ in range(2 if b"id" in body else 1)]
        assert replies[-1] == error(1, "The gateway answered 200 without an answer to this request.")


async def test_an_event_that_is_no_message_is_left_out() -> None:
    async def react(seen: Seen) -> web.StreamResponse:
        end = msgspec.json.encode({"id": seen.message["id"], "result": {}})
        return await stream(seen, event(b"hello"), b"event: ping\ndata: {}\n\n", event(end))

    async with far_side(react) as far, bridged(far.url) as near:
        assert "result" in await near.ask(modern(1, "a"))
        assert near.said == ["The gateway sent something that is left out: This is not JSON."]


async def test_a_redirect_to_another_origin_is_not_followed_and_named() -> None:
    async with far_side() as other, refusing(307, Location=f"{other.url}?key=geheim") as near:
        reply = await near.ask(request(1, "a"))
        assert f"redirects to {other.url}, another origin, which is not followed" in reply["error"]["message"]
        assert "geheim" not in reply["error"]["message"]
        assert other.seen == []


async def test_a_redirect_that_would_change_the_method_is_not_followed() -> None:
    async with refusing(302, Location="/else") as near:
        assert "/else, another place, which is not followed" in (await near.ask(request(1, "a")))["error"]["message"]


async def test_a_redirect_within_the_origin_is_followed_with_the_body() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        return web.Response(status=308, headers={"Location": "/mcp/"}) if seen.request.path == "/mcp" else None

    async with far_side(react) as far, bridged(far.url, headers=["X-Dev-UserId: ada"]) as near:
        assert "result" in await near.ask(request(1, "a"))
        assert far.seen[0].body == far.seen[1].body
        assert far.seen[1].headers["X-Dev-UserId"] == "ada"


async def test_a_redirect_in_circles_ends() -> None:
    async with refusing(307, Location="/mcp") as near:
        assert "redirects in circles" in (await near.ask(request(1, "a")))["error"]["message"]


async def test_headers_go_along_with_every_request() -> None:
    async with far_side() as far, bridged(far.url, headers=["X-Dev-UserId: ada", "User-Agent: mine"]) as near:
        await near.begin()
        await holds(lambda: bool(far.verbs("GET")))
    assert {seen.verb for seen in far.seen} == {"POST", "GET", "DELETE"}
    assert {seen.headers["X-Dev-UserId"] for seen in far.seen} == {"ada"}
    assert {seen.headers["User-Agent"] for seen in far.seen} == {"mine"}


async def test_a_refused_token_is_fetched_anew_and_the_request_repeated_once(tmp_path: Path) -> None:
    count = f"/bin/sh -c 'echo x >> {tmp_path}/n; wc -l < {tmp_path}/n | tr -d \" \"'"

    async def react(seen: Seen) -> web.StreamResponse | None:
        return None if seen.headers["Authorization"] == "Bearer 2" else web.Response(status=401)

    async with far_side(react) as far, bridged(far.url, token_command=count) as near:
        await near.begin()
        assert "result" in await near.ask(request(1, "a"))
        await holds(lambda: bool(far.verbs("GET")))
    used = [seen.headers["Authorization"] for seen in far.seen]
    assert used[:2] == ["Bearer 1", "Bearer 2"]
    assert set(used[2:]) == {"Bearer 2"}
    assert near.said == []


async def test_a_token_that_is_never_accepted_is_an_error_after_the_second_try() -> None:
    async def react(seen: Seen) -> web.StreamResponse:
        return web.Response(status=401)

    async with far_side(react) as far, bridged(far.url, token_command="echo geheim") as near:
        assert "check --azure" in (await near.ask(request(1, "a")))["error"]["message"]
        assert len(far.seen) == 2
        assert not any("geheim" in line for line in near.said)


async def test_a_token_command_that_fails_is_an_error_that_says_so() -> None:
    async with far_side() as far, bridged(far.url, token_command="/bin/sh -c 'echo log in first >&2; exit 3'") as near:
        reply = await near.ask(request(1, "a"))
        assert reply == error(1, "The token command `/bin/sh` ended with 3: log in first")
        assert far.seen == []


async def test_proxies_of_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:1")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:1")

    async def react(seen: Seen) -> web.StreamResponse:
        return result(seen, {})

    async with far_side(react) as far, bridged(far.url) as near:
        assert "result" in await near.ask(request(1, "a"))


def error(id: int, message: str) -> Json:
    """The error that the bridge itself makes."""
    return {"jsonrpc": "2.0", "id": id, "error": {"code": -32603, "message": message}}
