"""`mcp-gateway` as people run it: a process of its own, with its output kept."""

import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.fakes.gateway import surroundings
from tests.local.tiny.images import ROOT, write
from tests.local.waiting import holds

PROGRAM = Path(sys.executable).with_name("mcp-gateway")
# A home must be enough: variables of the one who runs the tests shall not matter.
ENVIRONMENT = surroundings()


class Command:
    """`async with Command("up", …, folder=tmp_path) as command`: killed at the end if it still runs."""

    def __init__(self, *arguments: str, folder: Path, env: dict[str, str] | None = None) -> None:
        self.output = folder / "output"
        self._file = self.output.open("wb")
        self.process = subprocess.Popen(
            [PROGRAM, *arguments],
            cwd=ROOT,
            env={**ENVIRONMENT, **(env or {})},
            stdout=self._file,
            stderr=self._file,
            start_new_session=True,
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            await self.ended()
        self._file.close()

    @property
    def text(self) -> str:
        """What it has said so far."""
        return self.output.read_text()

    async def says(self, part: str) -> None:
        """Waits until it says that. Raises AssertionError."""
        await holds(lambda: part in self.text or self.process.poll() is not None)
        assert part in self.text, self.text

    async def ended(self) -> int:
        """Its exit code, waited for."""
        await holds(lambda: self.process.poll() is not None)
        return self.process.returncode


class Up(Command):
    """`mcp-gateway up` with the tiny images, on a free port, in `folder/home`."""

    def __init__(self, folder: Path, *arguments: str, env: dict[str, str] | None = None) -> None:
        self.home = folder / "home"
        images = write(folder / "images.toml")
        common = ("up", "--port", "0", "--home", str(self.home), "--images", str(images))
        super().__init__(*common, *arguments, folder=folder, env=env)

    async def ready(self) -> str:
        """Its URL, once it is ready."""
        await self.says("MCP gateway   http")
        url = self.text.partition("MCP gateway   ")[2].split()[0]
        await holds(lambda: _answers(f"{url}/ready"))
        return url

    def children(self) -> list[int]:
        """The processes it runs, by its own notes."""
        return [int(note.name) for note in (self.home / "children").iterdir()]


def alive(pid: int) -> bool:
    """A zombie is not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=2) as response:
            return response.status == 200
    except urllib.error.HTTPError as error:
        error.close()
        return False
    except OSError:
        return False
