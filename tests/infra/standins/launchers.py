"""Launchers: the executables by which the engine finds the stand-ins. Tiny, and of this very interpreter."""

import shlex
import sys
from pathlib import Path

PACKAGES = ("azure-native", "azuread", "random", "kubernetes")
_DYNAMIC = (
    "pulumi-python"  # providers that a program itself brings; with an installed Pulumi it comes with the language host
)


def write(folder: Path) -> None:
    """`pulumi-resource-NAME` for every package, into a folder that is to be first on PATH."""
    clone = Path(__file__).parents[3]
    folder.mkdir(parents=True, exist_ok=True)
    for package in PACKAGES:
        _write(folder / f"pulumi-resource-{package}", clone, f"-m tests.infra.standins {package}")
    _write(folder / f"pulumi-resource-{_DYNAMIC}", clone, '-m pulumi.dynamic "$@"')


def _write(path: Path, clone: Path, arguments: str) -> None:
    lines = ["#!/bin/sh", f"export PYTHONPATH={shlex.quote(str(clone))}"]
    path.write_text("\n".join([*lines, f"exec {shlex.quote(sys.executable)} {arguments}", ""]))
    path.chmod(0o755)
