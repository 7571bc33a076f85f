"""The entry of the Pulumi program: nothing but its beginning. What is built: `infra.program`.

The language host runs this file with its folder first on the path, where `platform` would hide Python's own module of that
name, and `infra` itself is found through the project's editable installation. So that folder is taken off first.
"""

import sys
from pathlib import Path

_HERE = Path(__file__).resolve().parent
sys.path[:] = [entry for entry in sys.path if not entry or Path(entry).resolve() != _HERE]

from infra.program import main  # noqa: E402 the path comes first

main()
