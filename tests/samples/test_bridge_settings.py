"""What the bridge takes from its environment, and what it says of the rest."""

import sys
from pathlib import Path

import pytest

from samples.listen import BadSetting, Listen
from samples.mcp_bridge.settings import Limits, Settings
from tests.samples.process import Running

COMMAND = {"MCP_COMMAND": sys.executable}


def test_a_command_and_its_arguments_are_split_as_a_shell_would() -> None:
    settings = Settings.from_env(COMMAND | {"MCP_ARGS": """-m pkg --name 'two words' "it's" \\$HOME\n"""})
    assert settings.command == (sys.executable, "-m", "pkg", "--name", "two words", "it's", "$HOME")
    assert settings.url is None
    assert settings.listen == Listen("127.0.0.1", 8000)
    assert settings.limits == Limits(sessions=100, idle=1800, start=120, message=16_777_216)


def test_a_url_takes_precedence_over_a_command() -> None:
    settings = Settings.from_env({"MCP_PROXY_URL": "https://example.com:8443/mcp?x=1", "MCP_COMMAND": "nowhere"})
    assert (settings.url, settings.command) == ("https://example.com:8443/mcp?x=1", ())


def test_as_many_and_as_long_arguments_as_allowed() -> None:
    arguments = " ".join(["x" * 512] * 64)
    assert len(Settings.from_env(COMMAND | {"MCP_ARGS": arguments}).command) == 65


WRONG: list[tuple[dict[str, str], str]] = [
    ({}, "set MCP_COMMAND"),
    ({"MCP_COMMAND": "", "MCP_PROXY_URL": ""}, "set MCP_COMMAND"),
    ({"MCP_COMMAND": "no-such-command-here"}, "MCP_COMMAND='no-such-command-here' is not an executable"),
    ({"MCP_COMMAND": "x" * 513}, "MCP_COMMAND: an argument of 513 characters"),
    (COMMAND | {"MCP_ARGS": "x " * 65}, "MCP_ARGS has 65 arguments; at most 64"),
    (COMMAND | {"MCP_ARGS": "x" * 513}, "MCP_ARGS: an argument of 513 characters; 1 to 512"),
    (COMMAND | {"MCP_ARGS": "''"}, "MCP_ARGS: an argument of 0 characters"),
    (COMMAND | {"MCP_ARGS": "'a\nb'"}, "MCP_ARGS: an argument with a NUL, CR or LF"),
    (COMMAND | {"MCP_ARGS": "'a\rb'"}, "MCP_ARGS: an argument with a NUL, CR or LF"),
    (COMMAND | {"MCP_ARGS": "'a\0b'"}, "MCP_ARGS: an argument with a NUL, CR or LF"),
    (COMMAND | {"MCP_ARGS": "'open"}, "MCP_ARGS cannot be split"),
    (COMMAND | {"PORT": "0"}, "PORT='0'"),
    (COMMAND | {"PORT": "٣"}, "PORT="),
    (COMMAND | {"PORT": "9" * 5000}, "PORT="),
    (COMMAND | {"MCP_MAX_SESSIONS": "many"}, "MCP_MAX_SESSIONS='many'"),
    (COMMAND | {"MCP_SESSION_IDLE_SECONDS": "0"}, "MCP_SESSION_IDLE_SECONDS"),
    (COMMAND | {"MCP_START_SECONDS": "-1"}, "MCP_START_SECONDS"),
    (COMMAND | {"MCP_MESSAGE_BYTES": "1"}, "MCP_MESSAGE_BYTES"),
    *(
        ({"MCP_PROXY_URL": url}, "MCP_PROXY_URL=")
        for url in (
            "example.com/mcp",
            "/mcp",
            "ftp://example.com/mcp",
            "file:///etc/passwd",
            "http://",
            "http:///mcp",
            "http://user:secret@example.com/mcp",
            "http://user@example.com/mcp",
            "http://example.com/mcp#part",
            "http://example.com:0/mcp",
            "http://example.com:70000/mcp",
            "http://example.com:x/mcp",
            "http://exam ple.com/mcp",
            "http://example.com/mcp\n",
            "http://example.com\\@evil.example/mcp",
            "http://[::1/mcp",
            "http://example.com/" + "x" * 2048,
        )
    ),
]


@pytest.mark.parametrize(("environ", "why"), WRONG)
def test_a_wrong_setting_is_refused_by_name(environ: dict[str, str], why: str) -> None:
    with pytest.raises(BadSetting) as refused:
        Settings.from_env(environ)
    assert why in str(refused.value)


@pytest.mark.parametrize(
    ("environ", "why"),
    [({}, "cannot start: set MCP_COMMAND"), (COMMAND | {"MCP_ARGS": "x " * 65}, "cannot start: MCP_ARGS has 65")],
)
async def test_without_a_server_to_wrap_it_says_so_and_exits_1(
    tmp_path: Path, environ: dict[str, str], why: str
) -> None:
    bridge = Running("samples.mcp_bridge", tmp_path / "log", environ)
    assert await bridge.exit_code() == 1
    assert bridge.log.read_text().startswith(why)


async def test_a_port_that_is_taken_is_said_and_exits_1(tmp_path: Path) -> None:
    first = Running("samples.mcp_bridge", tmp_path / "first", COMMAND)
    try:
        await first.ready()
        second = Running("samples.mcp_bridge", tmp_path / "second", COMMAND | {"PORT": str(first.port)})
        assert await second.exit_code() == 1
        assert "address already in use" in second.log.read_text()
    finally:
        assert await first.end() == 0
