"""`tests/cluster/up`, `down` and `status`: the command line of a Kubernetes of our own on this machine. As root.

    eval "$(tests/cluster/up)"      starts it; the line for the shell is all that is printed to standard output
    tests/cluster/status            what runs; ends with 1 if anything does not
    tests/cluster/down

Environment: see tests/cluster/layout.py.
"""

import subprocess
import sys
import time

from tests.cluster import cluster
from tests.cluster.api import ClusterError
from tests.cluster.layout import Layout
from tests.cluster.node import Node
from tests.cluster.registry import RegistryError


def main(verb: str) -> int:
    """The exit status."""
    try:
        return {"up": _up, "down": _down, "status": _status}[verb](Layout.from_env())
    except (ClusterError, RegistryError, OSError, ValueError) as error:
        print(f"{verb}: {error}", file=sys.stderr)
    except subprocess.CalledProcessError as error:
        print(f"{verb}: {error}\n{(error.stderr or b'').decode()}", file=sys.stderr)
    return 1


def _up(layout: Layout) -> int:
    cluster.up(layout, lambda text: print(text, file=sys.stderr, flush=True))
    print(cluster.exports(layout))
    return 0


def _down(layout: Layout) -> int:
    begun = time.monotonic()
    cluster.down(layout)
    print(f"down after {time.monotonic() - begun:.1f} s", file=sys.stderr)
    return 0


def _status(layout: Layout) -> int:
    if missing := cluster.missing(layout):
        print("\n".join(missing), file=sys.stderr)
        return 1
    node = Node.running(layout)
    for name in node.components:
        print(f"{name:24} {node.pid(name)}", file=sys.stderr)
    print(cluster.exports(layout))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
