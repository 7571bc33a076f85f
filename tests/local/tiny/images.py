"""The tiny servers as images `name:1` (and `listens:2`)."""

import json
import sys
from pathlib import Path

from local.images import Image, Images

ROOT = Path(__file__).parents[3]
NAMES = (
    "abandons",
    "crashes",
    "detaches",
    "echoes",
    "idles",
    "listens",
    "stays",
    "stubborn",
    "unwell",
    "wraps",
    "wrong_port",
)


def tiny(name: str) -> Image:
    """The image of one of them."""
    # -S: without site-packages they start in a third of the time.
    return Image([sys.executable, "-S", "-m", f"tests.local.tiny.{name}"], cwd=str(ROOT))


IMAGES = Images(
    {f"{name.replace('_', '-')}:1": tiny(name) for name in NAMES}
    | {"listens:2": tiny("listens"), "missing:1": Image(["/no/such/program"])}
)


def write(path: Path) -> Path:
    """The same table as a file, for a gateway; returns the path."""
    path.write_text("\n".join(_entry(key, image) for key, image in IMAGES.table.items()))
    return path


def _entry(key: str, image: Image) -> str:
    # A JSON string is a TOML basic string, as long as it holds no escaped slash or surrogate.
    cwd = f"cwd = {json.dumps(image.cwd)}\n" if image.cwd else ""
    return f'["{key}"]\ncommand = {json.dumps(image.command)}\n{cwd}'
