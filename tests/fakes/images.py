"""The fakes as images of a local gateway: what `mcp-gateway up --images FILE` reads. Starts nothing.

`python -m tests.fakes.images FILE` writes the table, for a gateway started by hand.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

VERSION = "1.0.0"
ROOT = Path(__file__).parents[2]  # children find `tests` from here: `python -m` puts its directory first on the path

FAKES = (
    "recorder",
    "never_ready",
    "crashes_at_once",
    "slow_start",
    "slow_first_byte",
    "dies_on_first_call",
    "breaks_mid_stream",
    "echoes_raw_session_id",
    "rotates_session_id",
    "answers_own_401",
    "redirects",
    "refuses_foreign_host",
    "tool",
)
MODULES = {name.replace("_", "-"): f"tests.fakes.{name}" for name in FAKES} | {
    "everything": "tests.conformance.everything"
}


def write(path: Path, modules: Mapping[str, str] = MODULES) -> Path:
    """Writes the table of these modules as TOML; returns the path."""
    path.write_text("\n".join(_entry(name, module) for name, module in modules.items()))
    return path


def _entry(name: str, module: str) -> str:
    # A JSON string is a TOML basic string, as long as it holds no escaped slash or surrogate.
    command = ", ".join(json.dumps(part) for part in (sys.executable, "-m", module))
    env = '{ PYTHONUNBUFFERED = "1" }'  # so that logs show a line when it is written
    return f'["{name}:{VERSION}"]\ncommand = [{command}]\ncwd = {json.dumps(str(ROOT))}\nenv = {env}\n'


if __name__ == "__main__":
    write(Path(sys.argv[1]))
