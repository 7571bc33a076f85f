"""A key kept in the home, in a file of its own: made at the first start, for this user alone, and believed only as it was made.

Two are kept: the one that seals session ids, so that sessions outlive a restart, and what the proxy proves itself with to the routers.
"""

import errno
import os
import stat
from pathlib import Path

from local.home import HomeError

_PRIVATE = 0o600
_HOW = "Remove the file to get a new key; sessions end then."
_LONGEST = 4096  # bytes; whatever is longer is no key


def key_file(path: Path, size: int) -> bytes:
    """The key of `size` bytes, as hex digits in the file.

    Raises HomeError for a file that is a link, or that others may read or own, or that holds anything else than such a key.
    """
    if not os.path.lexists(path):  # a link counts, wherever it leads
        _write(path, os.urandom(size))
    key = _decoded(_text(path))
    if len(key) != size:
        raise HomeError(f"{path}: expected {2 * size} hex digits. {_HOW}")
    if len(set(key)) <= size // 2:  # of random bytes, next to none are the same
        raise HomeError(f"{path}: is a placeholder, not a key. {_HOW}")
    return key


def _text(path: Path) -> bytes:
    try:
        # Nothing is waited for: somebody may have put a pipe there.
        descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise HomeError(f"{path}: is a link; a key stays in the home. Put the file itself there.") from None
        raise HomeError(f"{path}: {error.strerror}.") from None
    try:
        _check(path, os.fstat(descriptor))
        return os.read(descriptor, _LONGEST)
    finally:
        os.close(descriptor)


def _check(path: Path, found: os.stat_result) -> None:
    if not stat.S_ISREG(found.st_mode):
        raise HomeError(f"{path}: is no file.")
    if found.st_uid != os.getuid():
        raise HomeError(f"{path}: belongs to another user.")
    if stat.S_IMODE(found.st_mode) & 0o077:
        raise HomeError(f"{path}: others may read it. Do `chmod 600 {path}`, or remove it to get a new one.")


def _decoded(text: bytes) -> bytes:
    try:
        return bytes.fromhex(text.decode("ascii").strip())
    except ValueError:
        return b""


def _write(path: Path, key: bytes) -> None:
    # Renamed into place: a start that dies half-way leaves no half key behind.
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w") as file:
        file.write(f"{key.hex()}\n")
    new.rename(path)
