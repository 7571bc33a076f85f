"""A gateway as people start it: `mcp-gateway up`, a process of its own that ends with the block. Says nothing of who may come in."""

import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.fakes.images import MODULES, write

START, STOP = 30.0, 20.0  # seconds
_SAID = re.compile(r"^MCP gateway\s+(http\S+)$", re.MULTILINE)


class Up(msgspec.Struct, frozen=True):
    """Where it is, and what it says."""

    url: str
    log: Path


def surroundings() -> dict[str, str]:
    """The variables of whoever runs the tests, without those that a gateway reads."""
    return {name: value for name, value in os.environ.items() if "__" not in name}


@contextmanager
def up(
    home: Path, variables: Mapping[str, str], *, port: int = 0, images: Mapping[str, str] = MODULES
) -> Generator[Up]:
    """Ready while the block runs, with `variables` alone; beside `home` are its images' table and its log.

    `images` are modules by their images' names. Raises AssertionError with the log where it does not start, or end well.
    """
    table, log = write(home.parent / "images.toml", images), home.parent / "gateway.log"
    command = ["up", "--port", str(port), "--home", str(home), "--images", str(table)]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("mcp-gateway"), *command],
            env=dict(variables),
            stdout=output,
            stderr=output,
        )
        try:
            yield Up(_url(process, log), log)
        finally:
            process.terminate()
            code = process.wait(STOP)
    assert code == 0, f"the gateway ended with {code}:\n{log.read_text()[-4000:]}"


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it says it is, once it is ready there."""
    deadline = time.monotonic() + START
    while not ((said := _SAID.search(log.read_text())) and _ready(said[1])):
        running = process.poll() is None and time.monotonic() < deadline
        assert running, f"the gateway did not start:\n{log.read_text()[-4000:]}"
        time.sleep(0.05)  # a file does not tell when it is written to
    return said[1]


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/ready", timeout=2) as response:
            return response.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
