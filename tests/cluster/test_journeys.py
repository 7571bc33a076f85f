"""Every journey of tests/journeys once more, through the cluster's front door: two proxies, two routers, PostgreSQL."""

import os
import subprocess
import sys
from pathlib import Path

from tests.cluster.platform import HEAD, HOLD, PAGE, Platform

ROOT = Path(__file__).parents[2]


def test_all_journeys_pass_on_the_cluster(platform: Platform) -> None:
    told = {"HOLD_SECONDS": HOLD, "HEAD_SECONDS": HEAD, "PAGE_SIZE": PAGE}
    environment = {**os.environ, **{f"JOURNEY_{name}": str(value) for name, value in told.items()}}
    command = [sys.executable, "-m", "pytest", "tests/journeys", "-q", "-rs", "--tb=short"]
    done = subprocess.run(
        command,
        cwd=ROOT,
        env={**environment, "GATEWAY_URL": platform.url},
        capture_output=True,
        text=True,
        check=False,
    )
    print(done.stdout[-20_000:], done.stderr[-2000:])
    assert done.returncode == 0
