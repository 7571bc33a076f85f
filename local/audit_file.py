"""The audit trail on disk: lines appended as they come, kept over restarts, bounded in size. Encodes nothing."""

from collections.abc import Callable, Generator
from contextlib import contextmanager
from io import FileIO
from pathlib import Path

_SIZE = 20 * 1024 * 1024  # bytes; one older file of that size is kept besides


@contextmanager
def audit_file(path: Path, size: int = _SIZE) -> Generator[Callable[[bytes], None]]:
    """A function that appends a whole line to the file, while the block runs. It raises OSError where the disk is full."""
    file = _AuditFile(path, size)
    try:
        yield file.write
    finally:
        file.close()


class _AuditFile:
    def __init__(self, path: Path, size: int) -> None:
        self._path = path
        self._most = size
        self._file = self._opened()

    def write(self, line: bytes) -> None:
        if self._size + len(line) > self._most:
            self._turn()
        self._size += len(line)
        written = self._file.write(line)
        if written is not None and written < len(line):
            raise OSError(f"{self._path}: only part of a line could be written")

    def close(self) -> None:
        self._file.close()

    def _opened(self) -> FileIO:
        file = self._path.open("ab", buffering=0)  # a crash of ours loses no line
        self._size = file.tell()
        return file

    def _turn(self) -> None:
        self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        self._file.close()
        self._file = self._opened()
