"""The journeys once more, with the zip as their control plane: callers of Entra, records in Cosmos DB, a cluster by its API server."""

import asyncio
import os
import sys
from pathlib import Path

import msgspec

from tests.azure.cloud import Cloud
from tests.function_zip.place import place
from tests.journeys import minting
from tests.journeys.gateway import HEAD, HOLD, PAGE

ROOT = Path(__file__).parents[2]
_SECONDS = 900.0  # for all of them
_SAID = 12_000  # characters


async def test_all_journeys_pass_with_the_zip_as_control_plane(wwwroot: Path, cloud: Cloud, tmp_path: Path) -> None:
    tokens = tmp_path / "tokens.json"
    minting.of(cloud.provider).write(tokens)
    async with place(wwwroot, cloud, tmp_path) as there:
        code, said = await _journeys(there.url, tokens, tmp_path)
        audited = (tmp_path / "worker.out").read_bytes().splitlines()
        log = (tmp_path / "worker.err").read_text()
    assert code == 0, said[-_SAID:]
    events = {msgspec.json.decode(line)["event"] for line in audited}
    assert {"adapter.create", "adapter.replace", "adapter.delete", "tool.create", "access.denied"} <= events
    assert "Traceback" not in log, log[-_SAID:]


async def _journeys(url: str, tokens: Path, folder: Path) -> tuple[int | None, str]:
    """How the run of all of them ended, and what it said."""
    known = {"HOLD_SECONDS": HOLD, "HEAD_SECONDS": HEAD, "PAGE_SIZE": PAGE, "IDENTITY": "tokens", "TOKENS": tokens}
    told = {f"JOURNEY_{name}": str(value) for name, value in known.items()}
    log = folder / "journeys.log"
    with log.open("wb") as output:
        process = await asyncio.create_subprocess_exec(
            *(
                sys.executable,
                "-m",
                "pytest",
                "tests/journeys",
                "-rs",
                "--tb=short",
                "-o",
                f"cache_dir={folder / 'cache'}",
            ),
            cwd=ROOT,
            env={**os.environ, **told, "GATEWAY_URL": url},
            stdout=output,
            stderr=output,
        )
        try:
            await asyncio.wait_for(process.wait(), _SECONDS)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    return process.returncode, log.read_text(errors="replace")
