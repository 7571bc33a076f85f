"""Context: a folder as it is sent to be built, a compressed tar archive. Reads files; sends nothing.

The same files give the same bytes on every machine: names in order, no times, no owners. So `digest` can tell whether
anything has changed since it was built last.
"""

import gzip
import hashlib
import io
import os
import tarfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path, PurePosixPath

import msgspec

from gateway.azure.acr.errors import NoContext
from gateway.azure.acr.ignore import Ignored

LIMIT = 256 * 1024 * 1024  # bytes that one request may put into a blob, in all versions of the service
_PLAIN, _EXECUTABLE = 0o644, 0o755


class Context(msgspec.Struct, frozen=True):
    """`archive` is sent; `digest` is of the files and the Dockerfile's name; `files` counts."""

    archive: bytes
    digest: str
    dockerfile: str
    files: int


def pack(folder: Path, dockerfile: str = "Dockerfile", ignore: Sequence[str] | None = None) -> Context:
    """What is in the folder, but for what its `.dockerignore` (or `ignore`, its lines) leaves out.

    Raises NoContext: no folder, no Dockerfile in it, nothing readable, more than LIMIT.
    """
    recipe = PurePosixPath(os.path.normpath(dockerfile))
    if not folder.is_dir():
        raise NoContext(f"{folder} is not a folder.")
    if recipe.is_absolute() or ".." in recipe.parts or not (folder / recipe).is_file():
        raise NoContext(f"{folder} has no {dockerfile}: a Dockerfile says how the image is made.")
    try:
        ignored = Ignored.of(_lines(folder, recipe) if ignore is None else ignore)
        names = [name for name in _names(folder, ignored) if name == recipe or name not in ignored]
    except (OSError, ValueError) as error:
        raise NoContext(f"{folder} cannot be packed: {error}") from error
    return packed(folder, str(recipe), names)


def packed(folder: Path, dockerfile: str, names: Iterable[PurePosixPath], *, follows: bool = False) -> Context:
    """Of these files, and the Dockerfile. `follows`: links are what they lead to. Raises NoContext."""
    named = {*names, PurePosixPath(dockerfile)}
    try:
        tar = _tar(folder, sorted(named), follows=follows)
    except (OSError, ValueError) as error:
        raise NoContext(f"{folder} cannot be packed: {error}") from error
    archive = gzip.compress(tar, mtime=0)
    if len(archive) > LIMIT:
        raise NoContext(
            f"{folder} is {len(archive) >> 20} MiB even when packed, and {LIMIT >> 20} can be sent:"
            " name what the build does not need in .dockerignore."
        )
    digest = hashlib.sha256(dockerfile.encode() + b"\0" + tar).hexdigest()
    return Context(archive, digest, dockerfile, len(named))


def _lines(folder: Path, recipe: PurePosixPath) -> list[str]:
    """Of the Dockerfile's own file where it has one, as BuildKit has it."""
    for file in (folder / f"{recipe}.dockerignore", folder / ".dockerignore"):
        if file.is_file():
            return file.read_text(encoding="utf-8").splitlines()
    return []


def _names(folder: Path, ignored: Ignored) -> Iterator[PurePosixPath]:
    """All below the folder; not below what is left out for good. A link to a folder is a link, and not followed."""
    for place, folders, files in os.walk(folder, onerror=_raised):
        here = PurePosixPath(Path(place).relative_to(folder).as_posix())
        if not ignored.brings_back:
            folders[:] = [name for name in folders if here / name not in ignored]
        yield from (here / name for name in (*folders, *files))


def _raised(error: OSError) -> None:
    """A folder that cannot be read would be missing in the image, and nobody told."""
    raise error


def _tar(folder: Path, names: Sequence[PurePosixPath], *, follows: bool) -> bytes:
    written = io.BytesIO()
    with tarfile.open(fileobj=written, mode="w", format=tarfile.PAX_FORMAT, dereference=follows) as tar:
        for name in names:
            entry = tar.gettarinfo(folder / name, str(name))
            if not (entry.isreg() or entry.isdir() or entry.issym() or entry.islnk()):
                continue  # sockets, pipes, devices
            _anonymous(entry)
            if entry.islnk():  # a second name of the same file: a file of its own
                entry.type, entry.linkname, entry.size = tarfile.REGTYPE, "", (folder / name).stat().st_size
            if entry.isreg():
                with (folder / name).open("rb") as content:
                    tar.addfile(entry, content)
            else:
                tar.addfile(entry)
    return written.getvalue()


def _anonymous(entry: tarfile.TarInfo) -> None:
    entry.mtime = entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mode = _EXECUTABLE if entry.isdir() or entry.mode & 0o100 else _PLAIN
