"""Bodies go through byte for byte, large ones and those of unknown length too."""

import hashlib
import json
from collections.abc import AsyncGenerator

import pytest

from tests.journeys.caller import Caller
from tests.journeys.client import Client
from tests.journeys.reply import read

MIB = 2**20
BOTH = pytest.mark.parametrize("modern", [True, False], ids=["modern", "legacy"])


@BOTH
async def test_megabytes_go_there_and_come_back(caller: Caller, recorder: str, modern: bool) -> None:
    client = await Client(caller, recorder, modern=modern).begin()
    text = "ä" * 4 * MIB
    assert (await client.call("echo", text=text))["text"] == text


@BOTH
@pytest.mark.parametrize("chunked", [True, False], ids=["chunked", "whole"])
async def test_server_gets_the_very_bytes_of_the_client(
    caller: Caller, recorder: str, modern: bool, chunked: bool
) -> None:
    client = await Client(caller, recorder, modern=modern).begin()
    message = client.message("tools/call", {"name": "digest", "arguments": {"big": 2**70, "pad": " " * MIB}})
    # As no library would write it: a proxy that reads and writes JSON anew would change it.
    body = b"\r\n  " + json.dumps(message, indent=3, ensure_ascii=True).encode() + b"\n\n"
    async with client.sending(message, _pieces(body) if chunked else body) as response:
        seen = (await read(response)).json["result"]["structuredContent"]
    assert seen == {"bytes": len(body), "sha256": hashlib.sha256(body).hexdigest()}


async def _pieces(body: bytes) -> AsyncGenerator[bytes]:
    for start in range(0, len(body), 99_999):
        yield body[start : start + 99_999]
