"""Writes the zip, and says what it is: `python -m infra.function_package OUT.zip`."""

import hashlib
import sys
from pathlib import Path

from infra.function_package.failed import PackageFailed
from infra.function_package.package import build


def main(arguments: list[str]) -> int:
    """0 where the zip is there; 1, with a sentence, where it is not; 2 for other arguments."""
    if len(arguments) != 1 or not arguments[0].endswith(".zip"):
        print("usage: python -m infra.function_package OUT.zip", file=sys.stderr)
        return 2
    try:
        made = build(Path(arguments[0]))
    except PackageFailed as error:
        print(error, file=sys.stderr)
        return 1
    data = made.read_bytes()
    print(f"{made}  {len(data) / 1e6:.1f} MB  sha256:{hashlib.sha256(data).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
