"""What the bridge wraps and within which limits, read once from the environment. Starts nothing.

`MCP_PROXY_URL` takes precedence over `MCP_COMMAND` with `MCP_ARGS`; a wrong value is refused by name.
"""

import re
import shlex
import shutil
from collections.abc import Mapping

import msgspec
from yarl import URL

from samples.listen import BadSetting, Listen, listen_from, whole_number
from samples.mcp_bridge.reachable import Unreachable, refuse_forbidden

MAX_ARGUMENTS = 64
MAX_ARGUMENT = 512  # characters
MAX_URL = 2048  # characters
FORBIDDEN = re.compile(r"[\0\r\n]")
DAY = 86_400


class Limits(msgspec.Struct, frozen=True):
    sessions: int  # open at once, each with a child
    idle: int  # seconds without any HTTP request until a session ends
    start: int  # seconds for a child to answer initialize
    message: int  # bytes of one message, either way


class Settings(msgspec.Struct, frozen=True):
    """Exactly one of `url` and `command` is set; `command` starts with the executable."""

    listen: Listen
    limits: Limits
    url: str | None = None
    command: tuple[str, ...] = ()

    @classmethod
    def from_env(cls, environ: Mapping[str, str]) -> "Settings":
        """Raises BadSetting, naming the variable."""
        listen, limits = listen_from(environ), limits_from(environ)
        if url := environ.get("MCP_PROXY_URL"):
            return cls(listen, limits, url=checked_url(url))
        if environ.get("MCP_COMMAND"):
            return cls(listen, limits, command=command_from(environ))
        raise BadSetting("set MCP_COMMAND (a stdio server, with MCP_ARGS) or MCP_PROXY_URL (a streamable HTTP server)")


def limits_from(environ: Mapping[str, str]) -> Limits:
    return Limits(
        sessions=whole_number(environ, "MCP_MAX_SESSIONS", default=100, least=1, most=10_000),
        idle=whole_number(environ, "MCP_SESSION_IDLE_SECONDS", default=1800, least=1, most=DAY),
        start=whole_number(environ, "MCP_START_SECONDS", default=120, least=1, most=DAY),
        message=whole_number(environ, "MCP_MESSAGE_BYTES", default=16 << 20, least=1024, most=1 << 30),
    )


def command_from(environ: Mapping[str, str]) -> tuple[str, ...]:
    command = checked_argument("MCP_COMMAND", environ["MCP_COMMAND"])
    if shutil.which(command) is None:
        raise BadSetting(f"MCP_COMMAND={command!r} is not an executable on PATH (its arguments go into MCP_ARGS)")
    try:
        arguments = shlex.split(environ.get("MCP_ARGS", ""))
    except ValueError as error:
        raise BadSetting(f"MCP_ARGS cannot be split as a shell would: {error}") from error
    if len(arguments) > MAX_ARGUMENTS:
        raise BadSetting(f"MCP_ARGS has {len(arguments)} arguments; at most {MAX_ARGUMENTS} are taken")
    return (command, *(checked_argument("MCP_ARGS", argument) for argument in arguments))


def checked_argument(variable: str, argument: str) -> str:
    if not 1 <= len(argument) <= MAX_ARGUMENT:
        raise BadSetting(f"{variable}: an argument of {len(argument)} characters; 1 to {MAX_ARGUMENT} are taken")
    if FORBIDDEN.search(argument):
        raise BadSetting(f"{variable}: an argument with a NUL, CR or LF")
    return argument


def checked_url(text: str) -> str:
    """A URL one could open: http or https, with a host, without credentials (they would end up in listings)."""
    try:
        url = URL(text)
        valid = url.scheme in ("http", "https") and bool(url.host) and bool(url.port)
    except ValueError:
        valid = False
    else:
        valid = valid and not (url.user or url.password or url.fragment)
    if not valid or len(text) > MAX_URL or re.search(r"[^\x21-\x7e]|\\", text):
        raise BadSetting(
            f"MCP_PROXY_URL={text[:100]!r}: give an http or https URL with a host and no user, password or #"
        )
    try:
        refuse_forbidden(URL(text).host or "")  # names are looked up when they are connected to
    except Unreachable as error:
        raise BadSetting(f"MCP_PROXY_URL={text[:100]!r}: {error.strerror}") from None
    return text
