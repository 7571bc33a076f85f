"""The TypeScript SDK's own client, unmodified, over three replicas: a whole session."""

from typing import Any

import msgspec
import pytest

from tests.conformance.node import installed
from tests.fakes.process import running
from tests.journeys.caller import Caller

pytestmark = pytest.mark.conformance
CALLS = 20
LONGEST = 60.0  # seconds; two is normal


async def test_session_of_twenty_calls_with_its_stream_and_its_end(caller: Caller, trio: str) -> None:
    assert await _session(f"{caller.url}/adapters/{trio}/mcp") == _whole()


async def test_script_says_the_same_of_a_server_without_a_gateway() -> None:
    async with running("recorder") as url:
        assert await _session(url) == _whole()


async def _session(url: str) -> dict[str, Any]:
    done = await (await installed()).run("session.mjs", url, seconds=LONGEST)
    assert done.code == 0, done.err
    seen = msgspec.json.decode(done.out)
    return {**seen, "tools": "echo" in seen["tools"], "pids": len(seen["pids"])}


def _whole() -> dict[str, Any]:
    return {"tools": True, "counts": list(range(1, CALLS + 1)), "pids": 1, "after": 404}
