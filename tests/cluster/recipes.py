"""Recipes: which images the cluster tests need, by the names and versions under which records name them. Builds none."""

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

import msgspec

from tests.fakes.images import MODULES
from tests.fakes.images import VERSION as FAKE
from tests.local.tiny.images import NAMES as TINY

ROOT = Path(__file__).parents[2]
HERE = Path(__file__).parent
TEST = "test"  # the version of the platform's own images
SAMPLE = "1.0.0"
BASE, FAKES = "python:3.13", "mcp-fakes:1"
_COPIED = re.compile(r"^(?:COPY|ADD) (?!--from)(.+) \S+$", re.MULTILINE)


class Recipe(msgspec.Struct, frozen=True):
    """How one image is made. `on`: the image given as BASE; blank: none. `context`: the clone, or what a program made.

    No Dockerfile: it is what it stands on, with other variables.
    """

    image: str
    dockerfile: Path | None
    on: str = BASE
    variables: Mapping[str, str] = {}
    context: Path = ROOT

    def inputs(self, foundation: str) -> str:
        """What the image is made of, as one hash. `foundation`: that of the image it stands on."""
        text = self.dockerfile.read_text() if self.dockerfile else ""
        whole = hashlib.sha256(msgspec.json.encode([foundation, text, sorted(self.variables.items())]))
        for path in sorted(_files(self.context, text)):
            whole.update(f"{path.relative_to(self.context)}\0".encode() + hashlib.sha256(path.read_bytes()).digest())
        return whole.hexdigest()


def _files(context: Path, dockerfile: str) -> Iterator[Path]:
    for source in (source for line in _COPIED.findall(dockerfile) for source in line.split()):
        path = context / source
        if path.is_file():
            yield path
        yield from (file for file in path.rglob("*") if file.is_file() and "__pycache__" not in file.parts)


def foundations(base: Path, pause: Path) -> list[Recipe]:
    """What others stand on, from folders that programs made."""
    return [
        Recipe(BASE, HERE / "base.Dockerfile", on="", context=base),
        Recipe("pause:1", HERE / "pause.Dockerfile", on="", context=pause),
        Recipe(FAKES, HERE / "fakes.Dockerfile"),
    ]


def platform() -> list[Recipe]:
    """The gateway's own processes, and the database they need in a test."""
    rooms = {"mcpgateway": "proxy", "toolgateway": "tool_router", "control-plane": "functions"}
    own = [Recipe(f"{name}:{TEST}", ROOT / room / "Dockerfile") for name, room in rooms.items()]
    database = HERE / "postgres.Dockerfile"
    return [*own, Recipe(f"postgres:{TEST}", database)] if database.exists() else own


def samples() -> list[Recipe]:
    """The images that a local gateway has built in."""
    folders = {"mcp-example": "mcp_example", "weather-tool": "weather_tool", "mcp-proxy": "mcp_bridge"}
    return [Recipe(f"{name}:{SAMPLE}", ROOT / "samples" / folder / "Dockerfile") for name, folder in folders.items()]


def fakes() -> list[Recipe]:
    """Every server that the journeys and the deployer's contract deploy."""
    modules = {f"{name}:{FAKE}": module for name, module in MODULES.items()}
    modules |= {f"{name.replace('_', '-')}:1": f"tests.local.tiny.{name}" for name in TINY}
    modules |= {"listens:2": "tests.local.tiny.listens", "missing:1": "no.such.module"}
    return [Recipe(image, None, on=FAKES, variables={"MODULE": module}) for image, module in modules.items()]
