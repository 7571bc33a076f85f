"""A folder for one run's sockets: a short path (theirs is limited), this user alone, gone afterwards, after a crash at the next start."""

import shutil
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from tempfile import gettempdir, mkdtemp

_PREFIX = "mcp-gateway-"
_LONGEST = 60  # characters of the folder above it; sockets may have 104 bytes in all on some systems


@contextmanager
def private_folder(note: Path) -> Generator[Path]:
    """The folder; `note` is a link to it, by which the next run finds what a crashed one left."""
    _remove(note)
    above = gettempdir() if len(gettempdir()) <= _LONGEST else "/tmp"  # noqa: S108 - made anew in there, 0700
    folder = Path(mkdtemp(prefix=_PREFIX, dir=above))
    note.symlink_to(folder)
    try:
        yield folder
    finally:
        _remove(note)


def _remove(note: Path) -> None:
    if note.is_symlink():
        folder = note.readlink()
        if folder.name.startswith(_PREFIX):
            shutil.rmtree(folder, ignore_errors=True)
        note.unlink()
