"""`mcp-gateway build` as people meet it: the command, a registry's server, and somebody who is signed in to Azure."""

import signal
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import jwt
import pytest

from gateway.tokens.token import NoToken, Token
from local.build import NotBuilt, Wish, WrongWish, build
from tests.azure import acr_server
from tests.azure.acr_server import AcrServer
from tests.azure.cloud import Cloud

MANAGEMENT = "https://management.azure.com"
PROGRAM = Path(sys.executable).with_name("mcp-gateway")


class SignedIn:
    """Tokens of somebody; `text` is empty for nobody. `asked` counts."""

    def __init__(self, text: str = acr_server.TOKEN) -> None:
        self.text = text
        self.asked = 0
        self.closed = False

    async def fetch(self, *, anew: bool) -> Token:
        """Good for as long as the tests last."""
        self.asked += 1
        if not self.text:
            raise NoToken("Nobody is signed in to Azure here.")
        return Token(self.text, 4e9)

    async def close(self) -> None:
        """Remembers it."""
        self.closed = True


@pytest.fixture
def acr() -> Generator[AcrServer]:
    """A registry whose builds end at once."""
    with AcrServer() as server:
        server.states = ["Succeeded"]
        yield server


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A server's."""
    place = tmp_path / "My-Server"
    place.mkdir()
    (place / "Dockerfile").write_text("FROM scratch\n")
    return place


def _ran(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    command = [PROGRAM, "build", *arguments]
    return subprocess.run(command, env=environment or None, capture_output=True, text=True, timeout=60, check=False)


async def test_a_folder_is_built_under_its_own_name_with_its_contents_as_the_tag(acr: AcrServer, folder: Path) -> None:
    wish = Wish(folder, "mgregteam", arguments={"BASE": "x"}, resource_manager=acr.endpoint)
    somebody = SignedIn()
    said: list[str] = []
    first = await build(wish, said.append, somebody)
    assert first == f"{acr_server.LOGIN_SERVER}/my-server@{acr.digest}"
    assert somebody.asked == 1  # for all requests
    assert somebody.closed
    acr.sent.clear()
    await build(wish, said.append, SignedIn())
    assert acr.requests[0]["imageNames"] == acr.requests[1]["imageNames"]
    assert any(line.startswith("Step 1/2") for line in said)


async def test_a_log_cannot_move_the_cursor(acr: AcrServer, folder: Path) -> None:
    acr.log = b"\x1b[2J\x1b[31mred\n"
    said: list[str] = []
    await build(Wish(folder, "mgregteam", "a:1", resource_manager=acr.endpoint), said.append, SignedIn())
    assert not any("\x1b" in line for line in said)


async def test_nobody_signed_in_is_said(acr: AcrServer, folder: Path) -> None:
    somebody = SignedIn("")
    with pytest.raises(NotBuilt, match="Nobody is signed in"):
        await build(Wish(folder, "mgregteam", resource_manager=acr.endpoint), print, somebody)
    assert somebody.closed


@pytest.mark.parametrize("image", ["UPPER:1", "a b:1", "a:1:2", "-a:1", "a/:1", "a:" + "x" * 129])
async def test_a_name_that_is_none_is_refused_before_anybody_is_asked(folder: Path, image: str) -> None:
    somebody = SignedIn()
    with pytest.raises(WrongWish, match="is not a name for an image"):
        await build(Wish(folder, "mgregteam", image, resource_manager="http://127.0.0.1:1"), print, somebody)
    assert not somebody.asked


def test_wrong_arguments_end_it_with_2_and_one_sentence(folder: Path, tmp_path: Path) -> None:
    wrong = _ran(str(tmp_path / "nowhere"), "--registry", "mgregteam")
    assert (wrong.returncode, wrong.stdout) == (2, "")
    assert wrong.stderr == f"mcp-gateway: {tmp_path}/nowhere is not a folder.\n"
    wrong = _ran(str(folder), "--registry", "mgregteam", "--build-arg", "BASE")
    assert (wrong.returncode, wrong.stderr) == (2, "mcp-gateway: --build-arg: it takes NAME=VALUE.\n")


def test_the_command_signs_in_builds_and_prints_nothing_but_the_reference(
    acr: AcrServer, folder: Path, cloud: Cloud
) -> None:
    cloud.entra.resources[acr.endpoint] = MANAGEMENT
    acr.admits = lambda token: _audience(token) == MANAGEMENT
    asked = (str(folder), "--registry", "mgregteam", "--image", "team/server:1.0", "--resource-manager", acr.endpoint)
    done = _ran(*asked, **cloud.environment("secret"))
    reference = f"{acr_server.LOGIN_SERVER}/team/server@{acr.digest}"
    assert (done.returncode, done.stdout) == (0, reference + "\n"), done.stderr
    assert "Step 1/2" in done.stderr
    assert f'"imageName": "team/server", "imageVersion": "{acr.digest}"' in done.stderr
    acr.states, acr.error = ["Failed"], "no such base"
    failed = _ran(*asked, **cloud.environment("secret"))
    assert (failed.returncode, failed.stdout) == (1, "")
    assert failed.stderr.endswith("mcp-gateway: Build ca2 ended as Failed: no such base.\n")


async def test_ctrl_c_cancels_the_run_and_ends_it_as_shells_expect(acr: AcrServer, folder: Path, cloud: Cloud) -> None:
    cloud.entra.resources[acr.endpoint] = MANAGEMENT
    acr.admits, acr.states = bool, ["Running"] * 1_000_000
    command = [PROGRAM, "build", str(folder), "--registry", "mgregteam", "--resource-manager", acr.endpoint]
    with subprocess.Popen(command, env=cloud.environment("secret"), stderr=subprocess.PIPE, text=True) as building:
        assert building.stderr
        while "as run ca1" not in building.stderr.readline():
            assert building.poll() is None
        building.send_signal(signal.SIGINT)
        assert building.wait(30) == 130
        assert "Traceback" not in building.stderr.read()
    assert acr.cancelled == ["ca1"]


def _audience(token: str) -> str:
    try:
        claims: dict[str, str] = jwt.decode(token, options={"verify_signature": False})
    except jwt.InvalidTokenError:
        return ""
    return claims.get("aud", "")
