"""A tunnel to a Service of a cluster whose addresses this machine cannot reach: `kubectl port-forward`."""

import re
import subprocess
from collections.abc import Generator
from contextlib import contextmanager

from gateway.cluster.names import PLATFORM_NAMESPACE
from tests.cluster.access import Cluster

_SAID = re.compile(r"Forwarding from 127\.0\.0\.1:(\d+)")


@contextmanager
def forwarded(cluster: Cluster, service: str, port: int) -> Generator[str]:
    """The URL of a Service of the platform. Raises AssertionError where the tunnel does not open."""
    command = [*cluster.command, "port-forward", f"--namespace={PLATFORM_NAMESPACE}", f"service/{service}", f":{port}"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as tunnel:
        try:
            assert tunnel.stdout is not None
            said = _SAID.search(tunnel.stdout.readline())
            assert said, "kubectl port-forward opened no tunnel"
            yield f"http://127.0.0.1:{said[1]}"
        finally:
            tunnel.terminate()
