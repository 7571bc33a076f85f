"""No generated request gets a 5xx it was not promised, or an answer outside the OpenAPI document."""

import os
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path

import pytest

from tests.fakes.images import ROOT
from tests.fuzz.ground import TARGET
from tests.journeys.caller import Caller, adapter
from tests.journeys.gateway import Gateway, gateway

pytestmark = pytest.mark.fuzz
HERE = Path(__file__).parent
LONGEST = 900.0  # seconds


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Generator[Gateway]:
    """A gateway to be filled with nonsense, and thrown away."""
    if "GATEWAY_URL" in os.environ:
        pytest.skip("nobody's own gateway is filled with nonsense")
    with gateway(tmp_path_factory.mktemp("fuzz") / "home") as started:
        yield started


async def test_every_answer_is_in_the_document(ground: Gateway, tmp_path: Path) -> None:
    async with Caller(ground.url, "owner") as owner:
        body = {**adapter("recorder", acl={"call": ["dev"]}), "name": TARGET}
        assert (await owner.post("/adapters", body)).status == 201
        await owner.ready(TARGET, 1)
    done = subprocess.run(_command(ground.url, tmp_path), cwd=ROOT, capture_output=True, text=True, timeout=LONGEST)
    assert done.returncode == 0, done.stdout[-8000:] + done.stderr[-2000:]


def _command(url: str, reports: Path) -> list[str]:
    program = str(Path(sys.executable).with_name("schemathesis"))
    options = ["--config-file", str(HERE / "schemathesis.toml"), "--no-color"]
    return [
        program,
        *options[:2],
        "run",
        f"{url}/openapi.json",
        "--url",
        url,
        *options[2:],
        "--report-dir",
        str(reports),
    ]
