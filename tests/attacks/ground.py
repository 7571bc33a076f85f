"""Ground: a gateway that verifies tokens, as people start it, with the mirror and the fakes as its images. Attacks come over TCP."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.images import FAKES, ROOT, VERSION
from tests.journeys.caller import Caller
from tests.journeys.waiting import until

ORIGIN = "https://mcp.contoso.example"  # where clients are told to come to; behind it is whichever port was free
OWNER = "olga"
SETTINGS = {
    "Proxy__AllowedHosts__0": ORIGIN.removeprefix("https://"),
    "Proxy__HoldSeconds": "3",
    "Proxy__HeadSeconds": "6",
}
_SAID = re.compile(r"^MCP gateway\s+(http\S+)$", re.MULTILINE)
_OURS = {"mirror": "tests.attacks.mirror"}


class Ground(msgspec.Struct, frozen=True):
    """A running gateway, and who vouches for its callers."""

    url: str
    idp: IdentityProvider
    log: Path

    @property
    def port(self) -> int:
        """The port on this machine."""
        return int(self.url.rpartition(":")[2])

    def bearer(self, user: str, roles: Iterable[str] = ()) -> tuple[str, str]:
        """The header of a caller with a good token."""
        return "Authorization", f"Bearer {self.idp.token(user, roles)}"

    def person(self, user: str, roles: Iterable[str] = ()) -> Caller:
        """Somebody in front of the REST API, with a good token."""
        caller = Caller(self.url)
        caller.headers = dict([self.bearer(user, roles)])
        return caller


@contextmanager
def running(folder: Path, idp: IdentityProvider, **settings: str) -> Generator[Ground]:
    """A gateway of our own, which ends with the block. Raises AssertionError with its log."""
    command = ["up", "--port", "0", "--home", str(folder / "home"), "--images", str(_images(folder / "images.toml"))]
    told = {**SETTINGS, **idp.environment(ORIGIN), **settings}
    clean = {name: value for name, value in os.environ.items() if "__" not in name}
    log = folder / "gateway.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [Path(sys.executable).with_name("mcp-gateway"), *command],
            env={**clean, **told},
            stdout=output,
            stderr=output,
        )
        try:
            yield Ground(_url(process, log), idp, log)
        finally:
            process.terminate()
            code = process.wait(20)
    assert code == 0, f"the gateway ended with {code}:\n{log.read_text()[-4000:]}"


async def until_ready(ground: Ground, adapter: str) -> None:
    """Waits until an adapter of OWNER takes requests."""
    async with ground.person(OWNER) as owner:
        await until(lambda: owner.status(adapter), lambda status: status["readyReplicas"] > 0)


def _url(process: subprocess.Popen[bytes], log: Path) -> str:
    """Where it says it is."""
    wait(lambda: _SAID.search(log.read_text()) is not None or process.poll() is not None)
    said = _SAID.search(log.read_text())
    assert said, f"the gateway did not start:\n{log.read_text()[-4000:]}"
    return said[1]


def wait(condition: Callable[[], bool], seconds: float = 30.0) -> None:
    """Returns once the condition holds, or `seconds` have passed: whoever needs it looks again."""
    deadline = time.monotonic() + seconds
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.05)  # neither a file nor a process tells


def _images(path: Path) -> Path:
    modules = {**{name.replace("_", "-"): f"tests.fakes.{name}" for name in FAKES}, **_OURS}
    entries = [
        f'["{name}:{VERSION}"]\ncommand = {msgspec.json.encode([sys.executable, "-m", module]).decode()}\n'
        f"cwd = {msgspec.json.encode(str(ROOT)).decode()}\n"
        for name, module in modules.items()
    ]
    path.write_text("\n".join(entries))
    return path
