"""The demonstration: a gateway of its own, the samples registered and called over HTTP as anyone would, each step said as it happens."""

import asyncio
import importlib
from collections.abc import AsyncGenerator, Callable
from contextlib import AbstractContextManager, asynccontextmanager, nullcontext
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import msgspec
from aiohttp import ClientSession

from local.gateway import LocalGateway
from local.home import Home
from local.log_output import logged_to
from local.settings import Settings

type Say = Callable[[str], None]

_PATIENCE = 60.0  # seconds for a sample to be ready on a slow machine
_ADAPTER = {"name": "mcp-example", "imageName": "mcp-example", "imageVersion": "1.0.0", "description": "An MCP server"}
_SCHEMA = {
    "type": "object",
    "properties": {"location": {"type": "string"}, "unit": {"enum": ["celsius", "fahrenheit"]}},
    "required": ["location"],
}
_TOOL = {
    "name": "weather-tool",
    "imageName": "weather-tool",
    "imageVersion": "1.0.0",
    "toolDefinition": {"tool": {"name": "weather-tool", "description": "The weather", "inputSchema": _SCHEMA}},
}


class _Call(msgspec.Struct, frozen=True):
    """A call, and what its answer has to hold."""

    tool: str
    arguments: dict[str, Any]
    expected: str


_ADD = _Call("add", {"a": 2, "b": 3}, "5")
_WEATHER = _Call("weather-tool", {"location": "Paris", "unit": "celsius"}, "22.2")


class DemoFailed(Exception):
    """A step did not go as it should; the message says which."""


async def demo(home: Path | None, say: Say) -> None:
    """Runs from the start of a gateway to its end. Raises DemoFailed, or what a gateway raises that cannot start."""
    # A second of work, done while the gateway and the samples start.
    sdk = asyncio.create_task(asyncio.to_thread(importlib.import_module, "mcp"))
    with _folder(home) as found:
        folder = Path(found)
        say(f"Starting a gateway in {folder} …")
        with logged_to(Home.prepared(folder).logs / "gateway.log"):
            async with LocalGateway(Settings(home=folder, port=0)) as gateway, ClientSession(gateway.url) as http:
                say(f"It serves at {gateway.url}.")
                async with _registered(http, "/adapters", _ADAPTER, say), _registered(http, "/tools", _TOOL, say):
                    await _ready(http, "/adapters/mcp-example", say)
                    await _call((await sdk).Client, f"{gateway.url}/adapters/mcp-example/mcp", _ADD, say)
                    await _call((await sdk).Client, f"{gateway.url}/mcp", _WEATHER, say)
                    await _logs(http, "/tools/weather-tool", say)
                say("Ending the gateway and all that it started …")
    say("Done. `mcp-gateway up` starts one that stays.")


def _folder(home: Path | None) -> AbstractContextManager[str | Path]:
    if home:
        return nullcontext(home)
    return TemporaryDirectory(prefix="mcp-gateway-demo-")


@asynccontextmanager
async def _registered(http: ClientSession, path: str, body: dict[str, Any], say: Say) -> AsyncGenerator[None]:
    say(f"\nPOST {path}  {msgspec.json.encode(body).decode()[:110]}…")
    async with http.post(path, json=body) as reply:
        if reply.status not in (201, 409):  # 409: left by a demonstration that was broken off
            raise DemoFailed(f"POST {path} was answered {reply.status}: {await reply.text()}")
        say(f"  {reply.status} {reply.reason}  {reply.headers.get('Location', '')}")
    yield
    async with http.delete(f"{path}/{body['name']}") as reply:
        say(f"\nDELETE {path}/{body['name']}\n  {reply.status} {reply.reason}")


async def _ready(http: ClientSession, path: str, say: Say) -> None:
    say(f"\nGET {path}/status, until it is ready")
    said = ""
    try:
        async with asyncio.timeout(_PATIENCE):
            while said != "Healthy":
                async with http.get(f"{path}/status") as reply:
                    status = (await reply.json())["replicaStatus"]
                if status != said:
                    say(f"  {status}")
                said = status
                await asyncio.sleep(0.1)
    except TimeoutError:
        raise DemoFailed(f"{path} was not ready within {_PATIENCE:g} s.") from None


async def _call(client: Any, url: str, call: _Call, say: Say) -> None:
    say(f"\nAn MCP client (the official SDK) connects to {url}")
    async with client(url) as connected:
        say(f"  protocol {connected.protocol_version}")
        tools = [tool.name for tool in (await connected.list_tools()).tools]
        say(f"  tools/list: {', '.join(tools)}")
        answer = (await connected.call_tool(call.tool, call.arguments)).content[0].text
        given = ", ".join(f"{name}={value!r}" for name, value in call.arguments.items())
        say(f"  tools/call {call.tool}({given}) = {answer}")
    if call.expected not in answer:
        raise DemoFailed(f"{call.tool}({given}) was answered {answer!r}.")


async def _logs(http: ClientSession, path: str, say: Say) -> None:
    say(f"\nGET {path}/logs?instance=0")
    async with http.get(f"{path}/logs", params={"instance": "0"}) as reply:
        for line in (await reply.text()).splitlines():
            say(f"  {line}")
