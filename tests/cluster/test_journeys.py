"""Every journey of tests/journeys once more, through the cluster's front door: two proxies, two routers, PostgreSQL.

Callers have tokens, of an identity provider that pods reach by TLS; on a cluster that does not reach it they are believed.
Here those journeys whose outcome depends on who calls run with believed callers as well.
"""

import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from gateway.cluster.names import PLATFORM_NAMESPACE
from tests.cluster.platform import CONTROL_PLANE, HEAD, HOLD, PAGE, PROXY, ROUTER, Platform
from tests.cluster.reach import Pod, reached
from tests.cluster.verifying import verifying
from tests.journeys import minting

ROOT = Path(__file__).parents[2]
FILES = sorted((ROOT / "tests/journeys").glob("test_*.py"))
AT_ONCE = 3  # runs beside one another: most of their time they wait for instances to start
SLOW = {"test_misbehaving", "test_starting", "test_tools"}  # first, so that none is left over at the end
ABOUT_CALLERS = {
    "test_environment",
    "test_headers",
    "test_lifecycle",
    "test_refusals",
    "test_rights",
    "test_tool_rights",
}
_NO_TESTS = 5


def test_journeys_pass_with_callers_who_are_believed(platform: Platform, tmp_path: Path) -> None:
    files = FILES if platform.cluster.node is None else [file for file in FILES if file.stem in ABOUT_CALLERS]
    assert {file.stem for file in files} >= ABOUT_CALLERS
    journeys(platform, tmp_path, files, {"JOURNEY_IDENTITY": "dev"})


def test_all_journeys_pass_with_tokens(platform: Platform, tmp_path: Path) -> None:
    node = platform.cluster.node
    if node is None:
        pytest.skip("this machine is not the cluster's: its pods do not reach an identity provider here")
    with verifying(platform, node) as provider:
        tokens = tmp_path / "tokens.json"
        minting.of(provider).write(tokens)
        journeys(platform, tmp_path, FILES, {"JOURNEY_IDENTITY": "tokens", "JOURNEY_TOKENS": str(tokens)})
        address = f"{node.layout.outside}:{provider.port}"
        pods = {name: _pods(platform, name) for name in (PROXY, ROUTER, CONTROL_PLANE)}
        got = {name: reached(platform.cluster, there[0], [address])[address] for name, there in pods.items()}
        assert got == {PROXY: True, ROUTER: False, CONTROL_PLANE: True}
        events = {line["event"] for there in pods.values() for pod in there for line in _audited(platform, pod)}
        assert {"adapter.create", "tool.create", "adapter.delete", "tool.call", "access.denied"} <= events


def journeys(platform: Platform, folder: Path, files: Sequence[Path], identity: Mapping[str, str]) -> None:
    """Those of `files`, through the front door. Raises AssertionError with the words of those that fail."""
    told = {"HOLD_SECONDS": HOLD, "HEAD_SECONDS": HEAD, "PAGE_SIZE": PAGE}
    environment = {**os.environ, **{f"JOURNEY_{name}": str(value) for name, value in told.items()}, **identity}
    environment["GATEWAY_URL"] = platform.url
    waiting = sorted(files, key=lambda file: (file.stem not in SLOW, file.stem))
    begun, failed = time.monotonic(), list[str]()
    running: dict[Path, subprocess.Popen[bytes]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            file = waiting.pop(0)
            running[file] = _begun(file, folder / f"{file.stem}.log", environment)
        for file, run in list(running.items()):
            if run.poll() is not None:
                said = (folder / f"{file.stem}.log").read_text()
                print(f"{time.monotonic() - begun:6.0f} s  {file.stem}: {said.splitlines()[-1]}", flush=True)
                if run.returncode not in (0, _NO_TESTS):
                    failed.append(f"{file.name}\n{said[-6000:]}")
                del running[file]
        time.sleep(0.1)  # of several processes none tells that it has ended
    assert not failed, "\n".join(failed)


def _begun(file: Path, log: Path, environment: Mapping[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", str(file), "-rs", "--tb=short", "-o", "cache_dir=" + str(log.parent)]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)


def _pods(platform: Platform, component: str) -> list[Pod]:
    return [Pod(PLATFORM_NAMESPACE, name) for name in platform.kube.names(f"{component}-", PLATFORM_NAMESPACE)]


def _audited(platform: Platform, pod: Pod) -> list[Any]:
    """The lines of a pod's output that are of its audit trail: those of its log have no event."""
    lines = platform.cluster.kubectl("logs", f"--namespace={pod.namespace}", pod.name).splitlines()
    return [line for line in map(json.loads, lines) if "event" in line]
