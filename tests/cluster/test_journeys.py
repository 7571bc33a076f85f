"""Every journey of tests/journeys once more, through the cluster's front door: two proxies, two routers, PostgreSQL."""

import os
import subprocess
import sys
import time
from pathlib import Path

from tests.cluster.platform import HEAD, HOLD, PAGE, Platform

ROOT = Path(__file__).parents[2]
AT_ONCE = 3  # runs beside one another: most of their time they wait for instances to start
SLOW = {"test_misbehaving", "test_starting", "test_tools"}  # first, so that none is left over at the end
_NO_TESTS = 5


def test_all_journeys_pass_on_the_cluster(platform: Platform, tmp_path: Path) -> None:
    told = {"HOLD_SECONDS": HOLD, "HEAD_SECONDS": HEAD, "PAGE_SIZE": PAGE}
    environment = {**os.environ, **{f"JOURNEY_{name}": str(value) for name, value in told.items()}}
    environment["GATEWAY_URL"] = platform.url
    waiting = sorted((ROOT / "tests/journeys").glob("test_*.py"), key=lambda file: (file.stem not in SLOW, file.stem))
    assert {file.stem for file in waiting} >= SLOW
    begun, failed = time.monotonic(), list[str]()
    running: dict[Path, subprocess.Popen[bytes]] = {}
    while waiting or running:
        while waiting and len(running) < AT_ONCE:
            file = waiting.pop(0)
            running[file] = _begun(file, tmp_path / f"{file.stem}.log", environment)
        for file, run in list(running.items()):
            if run.poll() is not None:
                said = (tmp_path / f"{file.stem}.log").read_text()
                print(f"{time.monotonic() - begun:6.0f} s  {file.stem}: {said.splitlines()[-1]}", flush=True)
                if run.returncode not in (0, _NO_TESTS):
                    failed.append(f"{file.name}\n{said[-6000:]}")
                del running[file]
        time.sleep(0.1)  # of several processes none tells that it has ended
    assert not failed, "\n".join(failed)


def _begun(file: Path, log: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "pytest", str(file), "-rs", "--tb=short", "-o", "cache_dir=" + str(log.parent)]
    with log.open("wb") as output:
        return subprocess.Popen(command, cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT)
