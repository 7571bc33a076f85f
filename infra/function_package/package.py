"""build: the zip from its two halves, kept by what it was made of, so that it is made once. The order of things, and nothing else."""

import hashlib
import os
import sys
import tempfile
from pathlib import Path

from infra.function_package import bytecode
from infra.function_package.archive import archive
from infra.function_package.failed import PackageFailed
from infra.function_package.requirements import PYTHON, packages
from infra.function_package.sources import ROOT, Files, sources

NAME = "function-app.zip"
_SITE = ".python_packages/lib/site-packages"  # where the platform's worker looks for what an app needs
_LOCKED = ("uv.lock", "pyproject.toml")
_KEPT = "function-package"


def build(into: Path) -> Path:
    """Writes the zip to `into`, or into that folder, and says where it is. Raises PackageFailed."""
    _check_python()
    target = into / NAME if into.is_dir() else into
    own = sources()
    kept = _folder() / f"{_key(own)}.zip"
    if not kept.is_file():
        _write(kept, archive(_whole(own)))
    _write(target, kept.read_bytes())
    return target


def _whole(own: Files) -> Files:
    with tempfile.TemporaryDirectory(prefix="function-package-") as folder:
        files = own | {f"{_SITE}/{path}": data for path, data in packages(Path(folder)).items()}
    for path, data in list(files.items()):
        if bytecode.is_worth_it(path):
            files[bytecode.path_of(path)] = bytecode.compiled(data, path)
    return files


def _key(own: Files) -> str:
    """Of all that the zip is made of and by."""
    own = own | {name: (ROOT / name).read_bytes() for name in _LOCKED}
    own |= {path.name: path.read_bytes() for path in sorted(Path(__file__).parent.glob("*.py"))}
    digest = hashlib.sha256(sys.version.encode())
    for name in sorted(own):
        digest.update(f"{name} {hashlib.sha256(own[name]).hexdigest()}\n".encode())
    return digest.hexdigest()[:32]


def _check_python() -> None:
    """Bytecode is one version's."""
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    if version != PYTHON or sys.implementation.name != "cpython":
        raise PackageFailed(f"The zip is for CPython {PYTHON} and compiled by the same; this is {version}.")


def _folder() -> Path:
    """Removable at any time."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcp-gateway" / _KEPT
    path.mkdir(parents=True, exist_ok=True)
    return path


def _write(path: Path, data: bytes) -> None:
    """All of it or nothing, whoever else writes the same."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name}.", delete=False) as half:
        half.write(data)
    Path(half.name).replace(path)
