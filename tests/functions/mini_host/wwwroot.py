"""Wwwroot: the folder that a host serves: out of a zip, or put together from this tree and its environment in no time."""

import importlib.util
import shutil
import zipfile
from pathlib import Path

import functions
from tests.functions.mini_host.worker import PACKAGES

_ROOM = Path(functions.__file__).parent
_ROOT = _ROOM.parent


def unzipped(zip: Path, wwwroot: Path) -> Path:
    """The folder as the platform has it."""
    with zipfile.ZipFile(zip) as opened:
        opened.extractall(wwwroot)
    return wwwroot


def linked(wwwroot: Path) -> Path:
    """The same entry and rooms, with the packages of whoever runs the tests. What is only in the zip is not seen here."""
    wwwroot.mkdir(parents=True)
    for file in ("function_app.py", "host.json"):
        shutil.copy(_ROOM / file, wwwroot)
    for room in ("functions", "gateway"):
        (wwwroot / room).symlink_to(_ROOT / room)
    found = importlib.util.find_spec("azure.functions")
    assert found
    assert found.origin
    (wwwroot / PACKAGES).parent.mkdir(parents=True)
    (wwwroot / PACKAGES).symlink_to(Path(found.origin).parents[2])
    return wwwroot
