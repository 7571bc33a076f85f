"""The commands of README.md and docs/cluster.md, run as they are written: from nothing to a first call, new keys, and back.

Comes before every test that deploys the platform: it wants the namespaces for itself.
"""

import os
import re
import shlex
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path

import pytest

from gateway.cluster.names import PLATFORM_NAMESPACE
from tests.cluster.access import Cluster
from tests.cluster.buildah import as_docker
from tests.cluster.images import images
from tests.cluster.recipes import TEST

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
READY = "http://localhost:8000/ready"
PATIENCE = 600.0  # seconds for one block; building is the slowest


class Shell:
    """Runs blocks, each in a shell of its own with the variables that the first of them exports."""

    def __init__(self, exports: str, environment: dict[str, str]) -> None:
        self._exports = exports
        self._environment = environment

    def run(self, block: str) -> None:
        """Raises AssertionError with what it said where it fails."""
        begun = time.monotonic()
        done = subprocess.run(
            self._command(block),
            cwd=ROOT,
            env=self._environment,
            capture_output=True,
            text=True,
            timeout=PATIENCE,
            check=False,
        )
        print(f"{time.monotonic() - begun:6.1f} s  {block.splitlines()[0][:100]}")
        assert done.returncode == 0, f"{block}\n{done.stdout[-4000:]}{done.stderr[-4000:]}"

    @contextmanager
    def left_open(self, block: str) -> Generator[None]:
        """A tunnel. Raises AssertionError where nothing answers at its end."""
        with subprocess.Popen(self._command("exec " + block), cwd=ROOT, env=self._environment) as tunnel:
            try:
                deadline = time.monotonic() + 30
                while not _answers():
                    assert time.monotonic() < deadline, "nothing answers through the tunnel"
                    time.sleep(0.1)  # a port does not tell when it opens
                yield
            finally:
                tunnel.terminate()

    def _command(self, block: str) -> list[str]:
        return ["bash", "-euo", "pipefail", "-c", f"{self._exports}\n{block}"]


@pytest.fixture
def environment(cluster: Cluster, tmp_path: Path) -> dict[str, str]:
    """What whoever reads the documents has: a cluster, a registry, kubectl, docker."""
    kubectl = Path(cluster.command[0]).parent
    found = {**os.environ, "KUBECONFIG": str(cluster.kubeconfig), "REGISTRY": cluster.registry, "TAG": "readme"}
    found["PATH"] = f"{kubectl}:{os.environ['PATH']}"
    if cluster.node is not None:  # no docker, no Docker Hub, a resolver that is no pod
        images(cluster.registry, ["python:3.13", f"postgres:{TEST}"])
        found["PATH"] = f"{as_docker(tmp_path)}:{found['PATH']}"
        found["BASE"] = f"{cluster.registry}/python:3.13"
        asked = ["--dev-identity", "--small", "--pull-policy", "Always"]
        asked += ["--postgres", f"{cluster.registry}/postgres:{TEST}", "--dns", f"{cluster.node.layout.node}/32"]
        found["OPTIONS"] = shlex.join(asked)
    return found


def test_commands_lead_from_nothing_to_a_first_call_and_new_keys_and_back(
    cluster: Cluster, environment: dict[str, str]
) -> None:
    there = cluster.tried("get", "namespace", PLATFORM_NAMESPACE)
    assert there.returncode != 0, "the platform is deployed already: this test deploys, and deletes, one of its own"
    exports, build, apply, tunnel, call, delete = _blocks("README.md", "On a Kubernetes cluster")
    shell = Shell(exports, environment)
    shell.run(build)
    try:
        shell.run(apply)
        with shell.left_open(tunnel):
            shell.run(call)
        for block in _blocks("docs/cluster.md", "Change the keys"):
            shell.run(block)
    finally:
        shell.run(delete)
    assert cluster.tried("get", "namespace", PLATFORM_NAMESPACE).returncode != 0


def _blocks(document: str, heading: str) -> list[str]:
    """The `sh` blocks below a heading."""
    text = (ROOT / document).read_text()
    part = re.search(rf"^## {heading}\n(.*?)(?=^## |\Z)", text, re.MULTILINE | re.DOTALL)
    assert part, f"{document} has no part `{heading}`"
    return [block.strip() for block in BLOCK.findall(part[1])]


def _answers() -> bool:
    try:
        with urllib.request.urlopen(READY, timeout=2) as response:
            return response.status == 200
    except (urllib.error.HTTPError, OSError):
        return False
