"""The plug-in's executable, as an installation of the project would have it: of this very interpreter and tree."""

import shlex
import sys
from pathlib import Path


def write(folder: Path) -> Path:
    """Into a folder that is on the engine's PATH; returns it."""
    clone = Path(__file__).parents[3]
    path = folder / "pulumi-resource-mcp-gateway"
    command = f'exec {shlex.quote(sys.executable)} -m infra.catalog.plugin "$@"'
    path.write_text(f"#!/bin/sh\nexport PYTHONPATH={shlex.quote(str(clone))}\n{command}\n")
    path.chmod(0o755)
    return path
