"""context: the files that a Dockerfile copies, chosen and packed. Runs no build.

Only what is copied is part of it: a change elsewhere in the repository builds nothing anew.
"""

import re
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from gateway.azure.acr import Context, packed

_LEFT_OUT = {"__pycache__", "node_modules"}
_CONTINUED = re.compile(r"\\\s*\n")


class ContextError(Exception):
    """A Dockerfile copies what is not there, or in a way that is not understood here. Names both."""


def context(root: Path, dockerfile: str) -> Context:
    """Paths are relative to `root`, as in the build; a link is what it leads to. Raises ContextError, NoContext."""
    return packed(root, dockerfile, _copied(root, dockerfile), follows=True)


def _copied(root: Path, dockerfile: str) -> Iterator[PurePosixPath]:
    for source in _sources(dockerfile, _CONTINUED.sub(" ", _read(root, dockerfile))):
        path = root / source
        if not path.exists():
            raise ContextError(f"{dockerfile}: copies `{source}`, which is not there")
        files = path.rglob("*") if path.is_dir() else [path]
        for file in files:
            if file.is_file() and not _LEFT_OUT & set(file.relative_to(root).parts):
                yield PurePosixPath(file.relative_to(root).as_posix())


def _sources(dockerfile: str, text: str) -> Iterator[str]:
    """What COPY instructions name, those from another stage left out."""
    for line in text.splitlines():
        instruction, *words = line.split() or [""]
        if instruction.upper() == "ADD":
            raise ContextError(f"{dockerfile}: ADD is not understood here; COPY is")
        if instruction.upper() != "COPY" or any(word.startswith("--from=") for word in words):
            continue
        *sources, _ = (word for word in words if not word.startswith("--"))
        for source in sources:
            if any(mark in source for mark in '*?[]"$'):
                raise ContextError(f"{dockerfile}: COPY `{source}` is not understood here; name files and folders")
            yield source


def _read(root: Path, dockerfile: str) -> str:
    path = root / dockerfile
    if not path.is_file():
        raise ContextError(f"{dockerfile}: is not there")
    return path.read_text()
