"""The cache folder: what is costly to build and the same for every clone. Never inside the clone; removable at any time."""

import os
from pathlib import Path


def folder(name: str = "") -> Path:
    """`${XDG_CACHE_HOME:-~/.cache}/mcp-gateway/NAME`, made if it is not there."""
    path = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mcp-gateway" / name
    path.mkdir(parents=True, exist_ok=True)
    return path
