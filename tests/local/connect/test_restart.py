"""Through a real gateway: the server behind it dies, and the stdio client goes on as if nothing had happened."""

from mcp import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

from tests.journeys.caller import Caller
from tests.journeys.client import Client as Other
from tests.local.connect.near_side import PROGRAM
from tests.local.connect.test_sdk import call


async def test_a_session_outlives_its_server(caller: Caller) -> None:
    name = await caller.serving("recorder")
    command = StdioServerParameters(command=str(PROGRAM), args=["connect", f"{caller.url}/adapters/{name}/mcp"])
    async with Client(stdio_client(command), mode="legacy") as client:
        before = [await call(client, "counter") for _ in range(2)]
        await (await Other(caller, name).begin()).calling("die")
        after = await call(client, "counter")
    assert [count["n"] for count in before] == [1, 2]
    assert after["n"] == 1
    assert after["pid"] != before[0]["pid"]
