"""Reach: whether a packet gets from one pod to an address. Tried from inside, with the interpreter that our images have."""

from collections.abc import Iterable

import msgspec

from tests.cluster.access import Cluster

PYTHON = "python3"
_SECONDS = 1.5  # a packet that is dropped is not answered
# One line per target: whether the TCP handshake was answered, be it by a refusal.
_TRY = f"""
import socket, sys
from concurrent.futures import ThreadPoolExecutor
def reached(target):
    host, port = target.rsplit(":", 1)
    try:
        socket.create_connection((host, int(port)), {_SECONDS}).close()
        return "yes"
    except ConnectionRefusedError:
        return "yes"
    except OSError as error:
        return "no"
with ThreadPoolExecutor(32) as pool:
    print(*pool.map(reached, sys.argv[1:]))
"""


class Pod(msgspec.Struct, frozen=True):
    """Where something is tried from, or what is tried."""

    namespace: str
    name: str


def reached(cluster: Cluster, source: Pod, targets: Iterable[str]) -> dict[str, bool]:
    """Which of `address:port` the pod gets to. Raises AssertionError where nothing can be run in it."""
    tried = list(targets)
    said = run(cluster, source, _TRY, *tried).split()
    return {target: word == "yes" for target, word in zip(tried, said, strict=True)}


def run(cluster: Cluster, source: Pod, program: str, *arguments: str) -> str:
    """What a Python program prints there."""
    return cluster.kubectl(
        "exec", f"--namespace={source.namespace}", source.name, "--", PYTHON, "-c", program, *arguments
    )
