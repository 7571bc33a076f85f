"""The key that seals session ids, kept in the home so that sessions outlive a restart of the gateway. One key, one file."""

import os
from pathlib import Path

from local.home import HomeError

_BYTES = 16  # AES-128


def seal_key(path: Path) -> bytes:
    """The key in the file, made (0600) at the first start. Raises HomeError for a file that holds anything else."""
    if not path.exists():
        _write(path, os.urandom(_BYTES))
    try:
        key = bytes.fromhex(path.read_text("ascii").strip())
    except ValueError:
        key = b""
    if len(key) != _BYTES:
        raise HomeError(
            f"{path}: expected {2 * _BYTES} hex digits. Remove the file to get a new key; sessions end then."
        )
    return key


def _write(path: Path, key: bytes) -> None:
    # Renamed into place: a start that dies half-way leaves no half key behind.
    new = path.with_suffix(".new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"{key.hex()}\n")
    new.rename(path)
