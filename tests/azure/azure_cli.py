"""`az` as far as a credential needs it: `az account get-access-token`, for somebody who is signed in. A shell script."""

from pathlib import Path

_SCRIPT = """#!/bin/sh
echo "$@" >> "{folder}/az-arguments"
read -r line && echo "$line" >> "{folder}/az-input"
if [ ! -s "{folder}/az-token" ]; then echo "ERROR: Please run 'az login' to setup account." >&2; exit 1; fi
echo '{{"accessToken": "'"$(cat "{folder}/az-token")"'", "expires_on": 4102444800}}'
"""


def install(folder: Path, token: str) -> str:
    """Writes it to a folder; returns the PATH that leads to it. Without a token nobody is signed in."""
    program = folder / "bin" / "az"
    program.parent.mkdir()
    program.write_text(_SCRIPT.format(folder=folder))
    program.chmod(0o755)
    (folder / "az-token").write_text(token)
    return f"{program.parent}:/usr/bin:/bin"
