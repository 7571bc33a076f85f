"""The command `mcp-gateway`: reads arguments, runs the gateway until a signal, says things to people. Composes nothing."""

import argparse
import asyncio
import os
import resource
import signal
import sys
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from pathlib import Path
from typing import TextIO

from gateway.env import SettingsError
from local.build_arguments import add_build_arguments
from local.gateway import CannotListen, LocalGateway
from local.home import Home, HomeError
from local.images import ImagesError
from local.log_output import logged_to
from local.platform_arguments import add_platform_arguments
from local.settings import HOME, HOST, PORT, Settings
from local.words import exposed, started

_FILES = 65536
_INTERRUPTED = 130  # what a shell says of a command that ended on INT
_WRONG = 2  # as for any other wrong argument


def main(arguments: Sequence[str] | None = None) -> None:
    """Exits 0 after a clean end, 1 with one sentence where it cannot start, 2 for wrong arguments."""
    given = _parser().parse_args(arguments)
    _three_descriptors()
    try:
        sys.exit(_manifests(given) if given.command == "manifests" else run(_WORK[given.command](given)))
    except (SettingsError, HomeError, ImagesError, CannotListen) as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        sys.exit(1)


async def _up(given: argparse.Namespace) -> int:
    settings = Settings.read(os.environ, home=given.home, host=given.host, port=given.port, images=given.images)
    _more_files()
    home = Home.prepared(settings.home)
    gateway = LocalGateway(settings)
    stop = asyncio.Event()
    _on_signals(lambda: gateway.hasten() if stop.is_set() else stop.set())
    with logged_to(home.logs / "gateway.log"):
        async with gateway:
            say(exposed(settings, coloured=_coloured(sys.stderr)), sys.stderr, end="")
            say(started(gateway, home), sys.stdout)
            await stop.wait()
            say("Ending (again Ctrl-C: at once) …", sys.stdout)
    return 0


async def _demo(given: argparse.Namespace) -> int:
    from local.demo import DemoFailed, demo  # `up` needs none of it

    showing = asyncio.create_task(demo(given.home, lambda text: say(text, sys.stdout)))
    # Once: a second time would cut the end short that leaves nothing behind.
    _on_signals(lambda: None if showing.cancelling() else showing.cancel())
    try:
        await showing
    except DemoFailed as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        return 1
    except asyncio.CancelledError:
        return _INTERRUPTED
    return 0


async def _connect(given: argparse.Namespace) -> int:
    from local.connect.command import connect
    from local.connect.options import Options, WrongOption

    try:
        options = Options.read(given.url, given.header, given.token_command, given.azure)
        _more_files()
        return await connect(options)
    except WrongOption as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        return _WRONG


async def _build(given: argparse.Namespace) -> int:
    from local.build import NotBuilt, Wish, WrongWish, build, hint  # the others need none of it

    try:
        building = asyncio.create_task(build(Wish.read(given), lambda text: say(text, sys.stderr)))
        _on_signals(lambda: None if building.cancelling() else building.cancel())
        reference = await building
    except WrongWish as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        return _WRONG
    except NotBuilt as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        return 1
    except asyncio.CancelledError:
        return _INTERRUPTED
    say(hint(reference), sys.stderr)
    say(reference, sys.stdout)
    return 0


def _manifests(given: argparse.Namespace) -> int:
    from infra.platform import OptionError  # the others need none of it
    from local.manifests import manifests

    try:
        text = manifests(given, lambda warning: say(f"mcp-gateway: {warning}", sys.stderr))
    except OptionError as error:
        say(f"mcp-gateway: {error}", sys.stderr)
        return _WRONG
    say(text, sys.stdout, end="")
    return 0


_WORK = {"up": _up, "demo": _demo, "connect": _connect, "build": _build}


def _three_descriptors() -> None:
    """Whoever starts us may have closed standard input, output or error; the event loop must not get their numbers."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one


def _more_files() -> None:
    """As many open files as the system allows: each open stream takes two, and the usual soft limit is 1024."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = _FILES if hard == resource.RLIM_INFINITY else min(_FILES, hard)
    with suppress(ValueError, OSError):  # macOS has a lower limit that it does not tell
        resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))


def _on_signals(call: Callable[[], object]) -> None:
    """INT, TERM and HUP, each time."""
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if number != signal.SIGHUP or signal.getsignal(number) != signal.SIG_IGN:  # under nohup it stays ignored
            loop.add_signal_handler(number, call)


def run(work: Coroutine[None, None, int]) -> int:
    """Runs it on uvloop where that is installed."""
    try:
        import uvloop
    except ImportError:
        return asyncio.run(work)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


def say(text: str, where: TextIO, end: str = "\n") -> None:
    """Prints at once, also into a file; a terminal that is gone does not matter."""
    with suppress(OSError):
        print(text, end=end, file=where, flush=True)


def _coloured(where: TextIO) -> bool:
    return where.isatty() and "NO_COLOR" not in os.environ


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mcp-gateway", description="A gateway for MCP servers and tools.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = commands.add_parser("up", help="run the gateway on this machine")
    up.add_argument("--host", default=HOST, help="address to listen on (default: %(default)s)")
    up.add_argument("--port", default=PORT, type=_port, help="port to listen on; 0 = a free one (default: %(default)s)")
    up.add_argument(
        "--home", default=HOME, type=Path, help="folder for records, logs and keys (default: ./%(default)s)"
    )
    up.add_argument("--images", type=Path, metavar="FILE", help="TOML file of images besides the built-in ones")
    demo = commands.add_parser("demo", help="start a gateway, register the samples, call them, end it")
    demo.add_argument("--home", type=Path, help="folder to keep (default: a temporary one)")
    _connect_arguments(commands.add_parser("connect", help="speak MCP on standard input and output for an MCP URL"))
    add_build_arguments(
        commands.add_parser("build", help="build an image in an Azure Container Registry, without Docker")
    )
    add_platform_arguments(commands.add_parser("manifests", help="print what runs the gateway on a Kubernetes cluster"))
    return parser


def _connect_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("url", metavar="URL", help="of the MCP server, such as http://localhost:8000/mcp")
    parser.add_argument(
        "--header",
        action="append",
        default=[],
        metavar="'NAME: VALUE'",
        help="sent along with every request; repeatable",
    )
    parser.add_argument(
        "--token-command", metavar="COMMAND", help="run when a bearer token is needed; prints it on its first line"
    )
    parser.add_argument(
        "--azure", metavar="SCOPE", help="tokens of whoever is signed in to Azure, such as for api://<client id>/access"
    )


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        raise argparse.ArgumentTypeError(f"`{text}` is not a port (0 to 65535)")
    return int(text)
