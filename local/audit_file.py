"""The audit trail on disk: lines appended as they come, kept over restarts, bounded in size. Encodes nothing."""

import os
from collections.abc import Callable, Generator
from contextlib import contextmanager, suppress
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
        written = self._file.write(line)
        if written != len(line):
            self._file.truncate(self._size)  # half a line would spoil the next one
            raise OSError(f"{self._path}: only part of a line could be written")
        self._size += len(line)

    def close(self) -> None:
        self._file.close()

    def _opened(self) -> FileIO:
        file = self._path.open("ab", buffering=0)  # a crash of ours loses no line
        self._size = file.seek(0, os.SEEK_END)
        if self._size and not self._ends_whole():
            self._size += file.write(b"\n")  # an earlier run was ended in the middle of a line
        return file

    def _ends_whole(self) -> bool:
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"

    def _turn(self) -> None:
        with suppress(FileNotFoundError):  # turned already, but no new one could be opened
            self._path.replace(self._path.with_name(f"{self._path.name}.1"))
        older, self._file = self._file, self._opened()
        older.close()
