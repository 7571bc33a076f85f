"""LogFile: the output of one instance on disk, this run's and the previous one's, bounded in size. Knows no process.

`x.log` is the current run, `x.previous.log` the one before; each keeps at most one older piece beside it (`….log.1`).
Offsets count a run's bytes from its first one, wherever they are now.
"""

import logging
import secrets
from io import FileIO
from pathlib import Path

from local.bell import Bell

PIECE = 5 * 1024 * 1024  # bytes; a run keeps one to two of these
PAGE = 1024 * 1024  # bytes read at once, at most
_SENTENCE = 200  # characters

_log = logging.getLogger(__name__)


class Run:
    """What one process wrote. Appends until `close`; can be read at any time."""

    def __init__(self, path: Path, piece: int, bell: Bell) -> None:
        self.id = secrets.token_hex(8)
        self.path = path
        self.closed = False
        self._piece = piece
        self._bell = bell
        self._oldest = 0  # where the older piece begins …
        self._newer = 0  # … and where it ends and the newer one begins
        self._file: FileIO | None = None
        self._lost = False
        self.size = 0

    @classmethod
    def found(cls, path: Path, bell: Bell) -> "Run":
        """What an earlier gateway left at `path`: closed, read without its older piece."""
        run = cls(path, PIECE, bell)
        run.size = path.stat().st_size
        run.closed = True
        return run

    def open(self) -> None:
        """Begins the file."""
        self._file = self.path.open("wb", buffering=0)

    def write(self, data: bytes) -> None:
        """Appends. A disk that is full loses the bytes, and the gateway's log says so once; the child goes on."""
        if self._file is None:
            return
        try:
            if self.size - self._newer >= self._piece:
                self._turn()
            self.size += self._file.write(data) or 0
        except OSError as error:
            if not self._lost:
                _log.warning("%s: output is being lost: %s", self.path, error)
            self._lost = True
        self._bell.ring()

    def close(self) -> None:
        """No more will come."""
        if self._file:
            self._file.close()
            self._file = None
        self.closed = True
        self._bell.ring()

    def move(self, path: Path) -> None:
        """Gives the files another name; a run that is still being written goes on under it."""
        for old, new in ((self.path, path), (_older(self.path), _older(path))):
            if old.exists():  # somebody may have tidied up by hand
                old.rename(new)
        self.path = path

    def drop(self) -> None:
        """Removes the files."""
        self.close()
        self.path.unlink(missing_ok=True)
        _older(self.path).unlink(missing_ok=True)

    def page(self, offset: int) -> tuple[bytes, int]:
        """Whole lines from `offset` on, PAGE bytes at most, and the offset after them. Bytes rotated away are skipped.

        The last line counts as whole once the run is closed; a line longer than a page comes in pieces.
        """
        offset = min(max(offset, self._oldest), self.size)
        data = self._read(offset)
        if not (self.closed and offset + len(data) == self.size):
            end = data.rfind(b"\n") + 1
            data = data[:end] if end or len(data) < PAGE else data
        return data, offset + len(data)

    def tail(self, lines: int) -> tuple[bytes, int]:
        """The last whole lines, as far as they fit in a page, and the offset after them."""
        data, end = self.page(self.size - PAGE)
        start = len(data.removesuffix(b"\n"))
        for _ in range(lines):
            start = data.rfind(b"\n", 0, max(start, 0))
            if start < 0:
                return data, end
        return data[start + 1 :] if lines else b"", end

    def _read(self, offset: int) -> bytes:
        data = b""
        pieces = ((_older(self.path), self._oldest, self._newer), (self.path, self._newer, self.size))
        for path, start, end in pieces:
            at = offset + len(data)
            if start <= at < end and path.exists():
                with path.open("rb") as file:
                    file.seek(at - start)
                    data += file.read(min(PAGE - len(data), end - at))
        return data

    def _turn(self) -> None:
        older = _older(self.path)
        self.path.rename(older)
        try:
            file = self.path.open("wb", buffering=0)
        except OSError:
            older.rename(self.path)
            raise
        if self._file:
            self._file.close()
        self._file, self._oldest, self._newer = file, self._newer, self.size


class LogFile:
    """The log of one instance: a run is begun with each start of its process, and the one before it is kept."""

    def __init__(self, path: Path, piece: int = PIECE) -> None:
        self.bell = Bell()
        self._path = path
        self._piece = piece
        # What an earlier gateway left is the previous run of the first one we begin.
        self.current = Run.found(path, self.bell) if path.exists() else None
        self.previous: Run | None = None

    def begin(self) -> Run:
        """A new run; the current one becomes the previous one, even while somebody still writes to it."""
        if self.previous:
            self.previous.drop()
        if self.current:
            self.current.move(previous_of(self._path))
        self.previous, self.current = self.current, Run(self._path, self._piece, self.bell)
        self.current.open()
        return self.current

    def close(self) -> None:
        """No more will come of either run."""
        for run in (self.current, self.previous):
            if run:
                run.close()

    def last_line(self) -> str:
        """The last line that is not blank, shortened to what fits in a sentence."""
        data = self.current.tail(20)[0] if self.current else b""
        lines = [line.strip() for line in data.decode(errors="replace").splitlines() if line.strip()]
        return lines[-1][:_SENTENCE] if lines else ""


def previous_of(path: Path) -> Path:
    """Where the previous run of the log at `path` is."""
    return path.with_name(f"{path.stem}.previous.log")


def _older(path: Path) -> Path:
    return path.with_name(f"{path.name}.1")
