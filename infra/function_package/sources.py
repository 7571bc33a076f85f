"""Our own half of the zip: the control plane's room, the shared words, and at the root what the platform looks for. Writes nothing.

`function_app.py` stands twice: at the root, where the platform imports it by that name, and in its room, as everywhere.
"""

from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
_ROOMS = ("functions", "gateway")
_AT_THE_ROOT = ("function_app.py", "host.json")

type Files = dict[str, bytes]  # by path within the zip


def sources(root: Path = ROOT) -> Files:
    """The files, without bytecode and whatever is for images only."""
    found = {str(path.relative_to(root)): path.read_bytes() for room in _ROOMS for path in _modules(root / room)}
    return found | {name: (root / "functions" / name).read_bytes() for name in _AT_THE_ROOT}


def _modules(room: Path) -> Iterator[Path]:
    return (path for path in sorted(room.rglob("*.py")) if path.is_file())
