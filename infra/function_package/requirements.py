"""The other half: what the lock says, as wheels for the machines that Azure runs it on, whatever machine this is. Needs `uvw` and an index.

Wheels for another machine, or built here, would fail at the first import there, so none is taken.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

from infra.function_package.failed import PackageFailed
from infra.function_package.sources import ROOT, Files

PYTHON = "3.13"
_PLATFORM = "x86_64-manylinux_2_28"
_ANYWHERE = re.compile(r"Tag: py\d[.\w]*-none-any")
_THERE = re.compile(r"Tag: cp3\d+-(?:cp313|abi3)-manylinux\w*_x86_64")
_SECONDS = 600.0
_SAID = 2000  # characters of what uv says
# Not for running: what installers note for themselves (it differs from one to the next), programs, tests of packages.
_LEFT_OUT = re.compile(
    r"^(?:bin|\.lock)(?:/|$)|\.dist-info/(?:INSTALLER|RECORD|REQUESTED|direct_url\.json)$|/tests/|\.pyc$"
)


def packages(folder: Path, root: Path = ROOT) -> Files:
    """What is to stand in `site-packages`; `folder` is for the work. Raises PackageFailed."""
    listed, target = folder / "requirements.txt", folder / "site-packages"
    listed.write_bytes(_run(root, _exported()))
    _run(root, _installed(listed, target))
    check(target)
    return {
        str(path.relative_to(target)): path.read_bytes() for path in sorted(target.rglob("*")) if _goes(path, target)
    }


def _exported() -> list[str]:
    return ["export", "--frozen", "--quiet", "--no-dev", "--extra", "function-app", "--no-emit-project"]


def _installed(listed: Path, target: Path) -> list[str]:
    asked = ["pip", "install", "--quiet", "--require-hashes", "--no-deps", "--only-binary", ":all:"]
    where = ["--python-version", PYTHON, "--python-platform", _PLATFORM]
    return [*asked, *where, "--target", str(target), "--requirement", str(listed)]


def _run(root: Path, command: list[str]) -> bytes:
    """What uv prints. Raises PackageFailed with its words."""
    environment = {**os.environ, "UV_COMPILE_BYTECODE": "0"}
    try:
        done = subprocess.run(
            [root / "uvw", *command], cwd=root, env=environment, capture_output=True, timeout=_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise PackageFailed(f"uv {command[0]}: {error}") from error
    if done.returncode:
        raise PackageFailed(f"uv {command[0]} failed: {done.stderr.decode(errors='replace').strip()[-_SAID:]}")
    return done.stdout


def _goes(path: Path, target: Path) -> bool:
    return path.is_file() and not _LEFT_OUT.search(path.relative_to(target).as_posix())


def check(target: Path) -> None:
    """Raises PackageFailed for a wheel that would not run there, and for the programming model of earlier Pythons."""
    wheels = sorted(target.glob("*.dist-info/WHEEL"))
    foreign = [wheel.parent.name.removesuffix(".dist-info") for wheel in wheels if not _runs(wheel)]
    if foreign:
        raise PackageFailed(f"Not for Linux on x86-64 and Python {PYTHON}: {', '.join(foreign)}.")
    versions = list(_versions(target, "azure_functions"))
    if len(versions) != 1 or versions[0] < 2:
        raise PackageFailed(f"azure-functions: Python {PYTHON} takes one of 2 or later, here is {versions or 'none'}.")


def _runs(wheel: Path) -> bool:
    text = wheel.read_text()
    return bool(_ANYWHERE.search(text) or _THERE.search(text))


def _versions(target: Path, package: str) -> Iterator[int]:
    """The major version of each that is there."""
    for found in target.glob(f"{package}-*.dist-info"):
        yield int(found.name.removeprefix(f"{package}-").partition(".")[0])
