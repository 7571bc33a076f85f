"""The command as a process: what it reads and writes, how it ends, and that it never lingers."""

import asyncio
import os
import pty
import signal
import subprocess
import sys
import time
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import pytest
from aiohttp import web

from tests.local.connect.far_side import FarSide, Seen, answer, event, far_side, notice, result, stream, until_gone
from tests.local.connect.near_side import PROGRAM, Process, connected, initialize, modern, request
from tests.local.up import alive
from tests.local.waiting import PATIENCE, holds


@asynccontextmanager
async def waiting(*arguments: str) -> AsyncGenerator[tuple[FarSide, Process]]:
    """A session with one request that is never answered."""

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            await until_gone(seen)
        return None

    async with far_side(react) as far, connected(far.url, *arguments) as near:
        await near.begin()
        near.send(request(1, "tools/call"))
        await holds(lambda: bool(far.posts("tools/call")))
        yield far, near


async def test_the_end_of_its_input_ends_the_session_and_it_with_0() -> None:
    async with far_side() as far, connected(far.url) as near:
        await near.begin()
        near.stdin.close()
        assert await near.ended() == 0
        assert near.said == []
    assert [seen.session for seen in far.verbs("DELETE")] == ["session-1"]


async def test_what_is_under_way_at_the_end_of_its_input_may_still_be_answered() -> None:
    closed = asyncio.Event()

    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.method == "tools/call":
            await closed.wait()
        return None

    async with far_side(react) as far, connected(far.url) as near:
        near.send(request(1, "tools/call"))
        await holds(lambda: len(far.seen) == 1)
        near.stdin.close()
        closed.set()
        assert (await near.receive())["id"] == 1
        assert await near.ended() == 0


async def test_what_takes_longer_is_dropped_after_two_seconds() -> None:
    async with waiting() as (far, near):
        began = time.monotonic()
        near.stdin.close()
        assert await near.ended() == 0
        assert 1.5 < time.monotonic() - began < 10
        assert len(far.verbs("DELETE")) == 1


async def test_an_open_subscription_does_not_hold_it_up() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        reply = await stream(seen, event(notice("notifications/subscriptions/acknowledged")))
        await until_gone(seen)
        return reply

    async with far_side(react) as far, connected(far.url) as near:
        await near.ask(modern(1, "subscriptions/listen"))
        began = time.monotonic()
        near.stdin.close()
        assert await near.ended() == 0
        assert time.monotonic() - began < 2


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143), (signal.SIGHUP, 129)])
async def test_a_signal_drops_what_is_under_way_and_ends_the_session(number: signal.Signals, code: int) -> None:
    async with waiting() as (far, near):
        began = time.monotonic()
        near.process.send_signal(number)
        assert await near.ended() == code
        assert time.monotonic() - began < 2
        assert len(far.verbs("DELETE")) == 1
        assert near.received.empty()
        assert near.said == []


async def test_a_gateway_that_does_not_take_the_delete_holds_it_up_for_two_seconds() -> None:
    async def react(seen: Seen) -> web.StreamResponse | None:
        if seen.verb == "DELETE":
            await until_gone(seen)
        return None

    async with far_side(react) as far, connected(far.url) as near:
        await near.begin()
        began = time.monotonic()
        near.process.terminate()
        assert await near.ended() == 143
        assert 1.5 < time.monotonic() - began < 10


async def test_a_closed_output_ends_it_quietly() -> None:
    read, write = os.pipe()
    async with far_side() as far:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "connect", far.url, stdin=subprocess.PIPE, stdout=write, stderr=subprocess.PIPE
        )
        os.close(write)
        assert process.stdin
        process.stdin.write(msgspec.json.encode(initialize()) + b"\n")
        await asyncio.to_thread(os.read, read, 1)
        os.close(read)
        process.stdin.write(msgspec.json.encode(request(1, "a")) + b"\n")
        _, said = await asyncio.wait_for(process.communicate(), PATIENCE)
        assert process.returncode == 0
        assert said == b""
        assert len(far.verbs("DELETE")) == 1


async def test_the_death_of_its_parent_ends_it() -> None:
    script = (
        "import subprocess, sys;"
        "child = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE, stdout=subprocess.PIPE);"
        f"child.stdin.write({msgspec.json.encode(initialize()) + b'\n'!r}); child.stdin.flush();"
        "child.stdout.readline(); print(child.pid, flush=True); sys.stdin.read()"
    )
    async with far_side() as far:
        parent = await asyncio.create_subprocess_exec(
            sys.executable, "-c", script, PROGRAM, "connect", far.url, stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert parent.stdout
        pid = int(await asyncio.wait_for(parent.stdout.readline(), PATIENCE))
        parent.kill()
        await parent.wait()
        await holds(lambda: not alive(pid))
        assert len(far.verbs("DELETE")) == 1


async def test_lines_of_many_megabytes_pass_both_ways() -> None:
    big = "x" * (60 * 2**20)

    async def react(seen: Seen) -> web.StreamResponse:
        if seen.message["id"] == 1:
            return result(seen, {"size": len(seen.body), "text": big})
        return await stream(seen, event(answer(seen, {"text": big})))

    async with far_side(react) as far, connected(far.url) as near:
        near.send(line := msgspec.json.encode(request(1, "a", {"text": big})))
        await near.stdin.drain()
        assert (await near.receive())["result"] == {"size": len(line), "text": big}
        assert far.seen[0].body == line
        assert (await near.ask(request(2, "b")))["result"] == {"text": big}


async def test_a_line_that_is_too_long_is_refused_and_the_next_one_goes_through() -> None:
    async with far_side() as far, connected(far.url) as near:
        near.send(b'{"id":1,"method":"' + b"x" * (64 * 2**20) + b'"}')
        await near.stdin.drain()
        assert (await near.receive())["error"]["code"] == -32600
        assert (await near.ask(request(2, "b")))["id"] == 2
        assert len(far.seen) == 1


async def test_a_client_that_does_not_read_slows_the_gateway_down_and_loses_nothing() -> None:
    sent = 0
    many = 2000

    async def react(seen: Seen) -> web.StreamResponse:
        nonlocal sent
        reply = await stream(seen)
        while sent < many:
            await reply.write(event(notice("notifications/" + "x" * 10_000)))
            sent += 1
        await reply.write(event(answer(seen, {})))
        return reply

    async with far_side(react) as far:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "connect", far.url, stdin=subprocess.PIPE, stdout=subprocess.PIPE, limit=20_000
        )
        assert process.stdin
        assert process.stdout
        process.stdin.write(msgspec.json.encode(request(1, "a")) + b"\n")
        await holds(lambda: sent > 10)
        assert sent < many
        lines = [await process.stdout.readline() for _ in range(many + 1)]
        assert msgspec.json.decode(lines[-1])["id"] == 1
        process.stdin.close()
        assert await process.wait() == 0


async def test_regular_files_do_as_well_as_pipes(tmp_path: Path) -> None:
    messages = [initialize(), {"jsonrpc": "2.0", "method": "notifications/initialized"}, request(1, "a")]
    (tmp_path / "in").write_bytes(b"\n".join(msgspec.json.encode(message) for message in messages))
    async with far_side() as far:
        with (tmp_path / "in").open() as given, (tmp_path / "out").open("wb") as taken:
            process = await asyncio.create_subprocess_exec(PROGRAM, "connect", far.url, stdin=given, stdout=taken)
            assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert [seen.verb for seen in far.seen if seen.verb != "GET"] == ["POST", "POST", "POST", "DELETE"]
    lines = (tmp_path / "out").read_bytes().splitlines()
    assert [msgspec.json.decode(line)["id"] for line in lines] == [0, 1]


@pytest.mark.parametrize("end", ["<&-", "< /dev/null"])
async def test_no_input_at_all_is_the_end(end: str) -> None:
    process = await asyncio.create_subprocess_shell(f"exec {PROGRAM} connect http://127.0.0.1:1/mcp {end}")
    assert await asyncio.wait_for(process.wait(), PATIENCE) == 0


async def test_on_a_terminal_it_answers_and_ends_with_ctrl_d() -> None:
    terminal, its_end = pty.openpty()
    async with far_side() as far:
        process = await asyncio.create_subprocess_exec(
            PROGRAM, "connect", far.url, stdin=its_end, stdout=subprocess.PIPE, stderr=its_end
        )
        assert process.stdout
        os.write(terminal, msgspec.json.encode(request(1, "a")) + b"\n")
        assert msgspec.json.decode(await process.stdout.readline())["id"] == 1
        os.write(terminal, b"\x04")
        assert await asyncio.wait_for(process.wait(), PATIENCE) == 0
        assert os.get_blocking(its_end)
    os.close(terminal)
    os.close(its_end)


async def test_nobody_reading_standard_error_does_not_stop_it() -> None:
    read, write = os.pipe()
    process = await asyncio.create_subprocess_exec(
        PROGRAM, "connect", "http://127.0.0.1:1/mcp", stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=write
    )
    os.close(write)
    assert process.stdin
    assert process.stdout
    for id in range(2000):
        process.stdin.write(msgspec.json.encode(request(id, "a")) + b"\n")
    for _ in range(2000):
        await asyncio.wait_for(process.stdout.readline(), PATIENCE)
    process.stdin.close()
    assert await process.wait() == 0
    os.close(read)


async def test_a_running_token_command_ends_with_it(tmp_path: Path) -> None:
    command = f"/bin/sh -c 'echo $$ > {tmp_path}/pid; exec sleep 100'"
    async with connected("http://127.0.0.1:1/mcp", "--token-command", command) as near:
        near.send(request(1, "a"))
        pid = tmp_path / "pid"
        await holds(lambda: pid.exists() and bool(pid.read_text().strip()))
        near.process.terminate()
        assert await near.ended() == 143
        await holds(lambda: not alive(int(pid.read_text())))


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ftp://x"], "mcp-gateway: This is not the URL of an MCP server"),
        (["http://x", "--header", "Host: y"], "mcp-gateway: --header Host: "),
        (["http://x", "--token-command", ""], "mcp-gateway: --token-command: it is empty."),
        (["http://x", "--azure", "access"], "mcp-gateway: --azure: give the scope in full, such as api://"),
        (
            ["http://x", "--azure", "api://a/b", "--token-command", "c"],
            "mcp-gateway: --azure and --token-command: give one",
        ),
    ],
)
async def test_wrong_options_end_with_2_and_a_sentence(arguments: list[str], said: str) -> None:
    async with connected(*arguments) as near:
        assert await near.ended() == 2
        (line,) = near.said
        assert line.startswith(said)


async def test_a_token_over_plain_http_is_warned_of_once() -> None:
    async with connected("http://nowhere.invalid/mcp", "--header", "Authorization: Bearer geheim") as near:
        await near.ask(request(1, "a"))
        near.stdin.close()
        await near.ended()
        assert near.said[0] == "mcp-gateway: the token travels unencrypted to nowhere.invalid: use https:// if you can."
        assert not any("geheim" in line for line in near.said)
        assert len(near.said) == 2


async def test_the_mcp_sdk_is_not_loaded_for_it() -> None:
    async with far_side() as far, connected(far.url) as near:
        await near.ask(request(1, "a"))
        assert "pydantic_core" not in Path(f"/proc/{near.process.pid}/maps").read_text()
