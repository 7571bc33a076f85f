"""Access: how tests reach the cluster of the run, be it our own on this machine or any other.

KUBECONFIG=… REGISTRY=…   a cluster that is there already, and where its images are pushed to and pulled from
neither                   our own: used if it is up, else brought up for the run, and taken down after it unless
                          something of it was there before
"""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import msgspec

from tests.cluster import cluster, program
from tests.cluster.layout import Layout
from tests.cluster.node import Node

type Json = dict[str, Any]

_PATIENCE = 180.0  # seconds that one kubectl may take


class Cluster(msgspec.Struct, frozen=True):
    """`node`: its processes, where it is our own, so that tests can stop some; None on any other cluster."""

    kubeconfig: Path
    registry: str
    node: Node | None

    @property
    def command(self) -> list[str]:
        """kubectl for this cluster: its arguments follow."""
        return [_kubectl(), f"--kubeconfig={self.kubeconfig}"]

    def kubectl(self, *arguments: str, stdin: str = "") -> str:
        """What it prints. Raises AssertionError with what it said where it fails."""
        done = self.tried(*arguments, stdin=stdin)
        assert done.returncode == 0, f"kubectl {' '.join(arguments)}: {done.stderr}"
        return done.stdout

    def tried(self, *arguments: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """kubectl, whether it succeeds or not."""
        command = [*self.command, *arguments]
        return subprocess.run(command, input=stdin, capture_output=True, text=True, timeout=_PATIENCE, check=False)

    def get(self, *arguments: str) -> Json:
        """What `kubectl get …` says, as an object. Raises AssertionError."""
        return json.loads(self.kubectl("get", *arguments, "-o", "json"))

    def apply(self, *objects: Json) -> None:
        """Creates or changes objects. Raises AssertionError with the API server's words."""
        self.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))


@contextmanager
def accessed() -> Generator[Cluster]:
    """The cluster of the environment, or our own. Raises ClusterError where that does not start."""
    layout = Layout.from_env()
    if "KUBECONFIG" in os.environ:
        kubeconfig = Path(os.environ["KUBECONFIG"])
        own = kubeconfig == layout.kubeconfig
        yield Cluster(kubeconfig, os.environ.get("REGISTRY", layout.registry), Node.running(layout) if own else None)
        return
    ours_to_end = not layout.home.exists()  # what somebody brought up, he takes down
    cluster.up(layout, lambda text: print(text, file=sys.__stderr__, flush=True))
    try:
        yield Cluster(layout.kubeconfig, layout.registry, Node.running(layout))
    finally:
        if ours_to_end:
            cluster.down(layout)


def _kubectl() -> str:
    """Ours where it was built, else the machine's, else ours, built now."""
    ours = program.kubernetes()
    found = None if ours.place().exists() else shutil.which("kubectl")
    return found or str(ours.built().with_name("kubectl"))
