"""Place: a gateway that verifies tokens, with somebody to issue them, and an adapter and a tool behind it. Processes of this machine."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.images import VERSION, write
from tests.journeys.caller import DEFINITION

ROLE = "mcp.engineer"  # what one must be granted to use what is there
ADAPTER, TOOL = "guarded", "guarded-tool"
START, STOP = 30.0, 20.0  # seconds
_ENVIRONMENT = {name: value for name, value in os.environ.items() if "__" not in name}


class Place(msgspec.Struct, frozen=True):
    """`url` is the gateway's, and its public origin."""

    url: str
    provider: IdentityProvider

    @property
    def scope(self) -> str:
        """What clients ask for."""
        return f"api://{self.provider.client_id}/access"

    def endpoint(self, path: str) -> str:
        """The URL of one of its endpoints."""
        return self.url + path


@contextmanager
def place(folder: Path) -> Generator[Place]:
    """While the block runs. Raises AssertionError with the gateway's log where it does not start."""
    with IdentityProvider() as provider, _up(folder, provider) as url:
        made = Place(url, provider)
        _register(made, "/adapters", ADAPTER, "recorder")
        _register(made, "/tools", TOOL, "tool", toolDefinition={"tool": DEFINITION})
        yield made


@contextmanager
def _up(folder: Path, provider: IdentityProvider) -> Generator[str]:
    url = f"http://localhost:{_free_port()}"
    command = ["up", "--port", url.rpartition(":")[2], "--home", str(folder / "home")]
    command += ["--images", str(write(folder / "images.toml"))]
    program, log = Path(sys.executable).with_name("mcp-gateway"), folder / "gateway.log"
    variables = {**_ENVIRONMENT, **provider.environment(url)}
    with log.open("wb") as output:
        process = subprocess.Popen([program, *command], env=variables, stdout=output, stderr=output)
        try:
            deadline = time.monotonic() + START
            while not _answers(f"{url}/ready"):
                running = process.poll() is None and time.monotonic() < deadline
                assert running, f"the gateway did not start:\n{log.read_text()[-4000:]}"
                time.sleep(0.05)  # another process does not tell when it is ready
            yield url
        finally:
            process.terminate()
            process.wait(STOP)


def _register(place: Place, path: str, name: str, image: str, **members: Any) -> None:
    body = {"name": name, "imageName": image, "imageVersion": VERSION, "requiredRoles": [ROLE], **members}
    bearer = f"Bearer {place.provider.token('the-owner')}"
    headers = {"Authorization": bearer, "Content-Type": "application/json"}
    request = urllib.request.Request(place.url + path, msgspec.json.encode(body), headers)
    with urllib.request.urlopen(request, timeout=START) as reply:
        assert reply.status == 201


def _free_port() -> int:
    """Known before it starts: the public origin names it."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as reply:
            return reply.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
