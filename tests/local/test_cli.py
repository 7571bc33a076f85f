"""The command as people meet it: what it says, how it ends, what it leaves (nothing)."""

import os
import pty
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from local.kin import family
from tests.local.rest import Rest
from tests.local.up import ENVIRONMENT, PROGRAM, Command, Up, alive
from tests.local.waiting import holds


async def test_up_says_where_everything_is_and_how_to_go_on(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        url = await up.ready()
        await up.says("Ctrl-C")
        for part in (url, str(up.home), str(up.home / "logs"), "listens:1", "mcp-example:1.0.0", '"servers"', "curl"):
            assert part in up.text


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
async def test_a_signal_ends_it_with_0_and_leaves_no_process(tmp_path: Path, number: signal.Signals) -> None:
    async with Up(tmp_path) as up:
        async with Rest(await up.ready()) as rest:
            await rest.adapter("one", replicaCount=2)
            await rest.adapter("two", "wraps")
        processes = [process.pid for pid in up.children() for process in family(pid)]
        assert len(processes) == 4
        began = time.monotonic()
        up.process.send_signal(number)
        assert await up.ended() == 0
        assert time.monotonic() - began < 5
    assert not any(alive(pid) for pid in processes)
    assert up.children() == []
    assert not (up.home / "runtime").is_symlink()
    assert "Traceback" not in up.text


async def test_a_second_ctrl_c_hastens(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        async with Rest(await up.ready()) as rest:
            await rest.adapter("one", "stubborn", replicaCount=2)
        (one, two) = up.children()
        began = time.monotonic()
        up.process.send_signal(signal.SIGINT)
        await up.says("Ending")
        up.process.send_signal(signal.SIGINT)
        assert await up.ended() == 0
        assert time.monotonic() - began < 3
    assert not any(alive(pid) for pid in (one, two))


async def test_processes_that_will_not_end_do_not_hold_it_up_for_long(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        async with Rest(await up.ready()) as rest:
            await rest.adapter("one", "stubborn", replicaCount=3)
        began = time.monotonic()
        up.process.send_signal(signal.SIGTERM)
        assert await up.ended() == 0
        assert time.monotonic() - began < 8
    assert up.children() == []


async def test_what_a_killed_gateway_left_is_ended_by_the_next_one(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        async with Rest(await up.ready()) as rest:
            await rest.adapter("one", "detaches")
            await rest.adapter("two", "abandons")
        await holds(lambda: sum(len(family(pid)) for pid in up.children()) == 4)
        orphans = [process.pid for pid in up.children() for process in family(pid)]
        sockets = (up.home / "runtime").readlink()
        up.process.kill()
        await up.ended()
    assert all(alive(pid) for pid in orphans)
    async with Up(tmp_path) as up, Rest(await up.ready()) as rest:
        assert not any(alive(pid) for pid in orphans)
        assert not sockets.exists()
        assert "Ended 4 processes" in up.text
        await rest.ready("one")
        await rest.ready("two")


async def test_a_port_in_use_is_said_in_one_sentence(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        async with Up(tmp_path, "--port", str(port)) as up:
            assert await up.ended() == 1
    assert up.text == (
        f"mcp-gateway: Cannot listen on port {port} of 127.0.0.1: it is in use; choose another with --port.\n"
    )


async def test_a_home_in_use_is_said_with_the_others_pid(tmp_path: Path) -> None:
    async with Up(tmp_path) as first:
        await first.ready()
        (tmp_path / "second").mkdir()
        async with Command("up", "--port", "0", "--home", str(first.home), folder=tmp_path / "second") as second:
            assert await second.ended() == 1
        assert f"in use by another gateway (pid {first.process.pid})" in second.text


async def test_a_bad_image_file_is_said_with_its_key(tmp_path: Path) -> None:
    (tmp_path / "bad.toml").write_text('["a:1"]\ncommand = "x"\n')
    async with Up(tmp_path, "--images", str(tmp_path / "bad.toml")) as up:
        assert await up.ended() == 1
    assert up.text == (f'mcp-gateway: {tmp_path}/bad.toml: ["a:1"]: Expected `array`, got `str` - at `$.command`.\n')


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "somewhere.example"])
async def test_other_than_loopback_needs_an_explicit_flag(tmp_path: Path, host: str) -> None:
    async with Up(tmp_path, "--host", host) as up:
        assert await up.ended() == 1
    assert f"--host {host}: " in up.text
    assert "set Authentication__BypassEntra=true" in up.text
    assert not up.home.exists()


async def test_with_the_flag_it_says_what_that_means(tmp_path: Path) -> None:
    async with Up(tmp_path, "--host", "0.0.0.0", env={"Authentication__BypassEntra": "true"}) as up:
        await up.ready()
        assert "DANGER: listening on 0.0.0.0. Anyone who can reach this port can claim any identity" in up.text
        assert "\033" not in up.text  # colours are for terminals


@pytest.mark.parametrize(
    ("host", "flag", "said"),
    [
        ("0.0.0.0", "true", b"DANGER: listening on 0.0.0.0"),
        ("127.0.0.1", "false", b"Dev identity: callers are believed"),
    ],
)
def test_on_a_terminal_it_says_so_in_red(tmp_path: Path, host: str, flag: str, said: bytes) -> None:
    terminal, its_end = pty.openpty()
    command = [PROGRAM, "up", "--host", host, "--port", "0", "--home", str(tmp_path / "home")]
    environment = {name: value for name, value in ENVIRONMENT.items() if name != "NO_COLOR"}
    environment["Authentication__BypassEntra"] = flag
    process = subprocess.Popen(command, env=environment, stdout=its_end, stderr=its_end, start_new_session=True)
    os.close(its_end)
    seen = b""
    while b"Ctrl-C" not in seen:
        seen += os.read(terminal, 65536)
    process.terminate()
    assert process.wait(20) == 0
    os.close(terminal)
    assert b"\033[1;31m" + said in seen


@pytest.mark.parametrize(
    ("variable", "value", "part"),
    [
        ("Redis__ConnectionString", "x", "Redis__ConnectionString: there is no Redis"),
        ("Proxy__HoldSeconds", "soon", "Proxy__HoldSeconds: `soon` is not a whole number"),
        ("Authentication__BypassEntra", "maybe", "Authentication__BypassEntra: `maybe` is neither true nor false"),
    ],
)
async def test_a_variable_that_cannot_be_honoured_is_refused_by_name(
    tmp_path: Path, variable: str, value: str, part: str
) -> None:
    async with Up(tmp_path, env={variable: value}) as up:
        assert await up.ended() == 1
    assert part in up.text


@pytest.mark.parametrize("arguments", [[], ["down"], ["up", "--port", "x"], ["up", "--port", "65536"], ["up", "more"]])
async def test_wrong_arguments_end_with_2_and_the_usage(tmp_path: Path, arguments: list[str]) -> None:
    async with Command(*arguments, folder=tmp_path) as command:
        assert await command.ended() == 2
    assert command.text.startswith("usage: mcp-gateway")


async def test_its_own_log_is_json_lines_in_the_home(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        async with Rest(await up.ready()) as rest:
            assert await rest.status("GET", "/no/such/route") == 404
        log = up.home / "logs" / "gateway.log"
        await holds(lambda: "/no/such/route" in log.read_text())
        assert all(line.startswith('{"time":') for line in log.read_text().splitlines())
        assert "/no/such/route" not in up.text


async def test_the_gateway_process_does_not_load_the_mcp_sdk(tmp_path: Path) -> None:
    async with Up(tmp_path) as up:
        await up.ready()
        maps = Path(f"/proc/{up.process.pid}/maps").read_text()
    assert "pydantic_core" not in maps
    assert "uvloop" in maps


async def test_the_demo_shows_each_step_and_leaves_nothing(tmp_path: Path) -> None:
    async with Command("demo", "--home", str(tmp_path / "home"), folder=tmp_path) as demo:
        await holds(lambda: demo.process.poll() is not None, 90)
        assert await demo.ended() == 0, demo.text
    steps = ("POST /adapters", "POST /tools", "Healthy", "tools/call add(a=2, b=3) = 5", "/logs", "DELETE", "Done.")
    positions = [demo.text.find(step) for step in steps]
    assert -1 not in positions, demo.text
    assert positions == sorted(positions), demo.text
    assert list((tmp_path / "home" / "children").iterdir()) == []


async def test_a_demo_that_is_broken_off_leaves_nothing(tmp_path: Path) -> None:
    async with Command("demo", "--home", str(tmp_path / "home"), folder=tmp_path) as demo:
        await demo.says("GET /adapters/mcp-example/status")
        for _ in range(2):  # the second must not cut the end short
            demo.process.send_signal(signal.SIGINT)
        assert await demo.ended() == 130
    assert "Traceback" not in demo.text
    assert list((tmp_path / "home" / "children").iterdir()) == []
    assert not (tmp_path / "home" / "runtime").is_symlink()
