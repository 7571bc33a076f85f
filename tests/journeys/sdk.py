"""The Python SDK's own client, unmodified, as a caller's: at `/mcp` or at an adapter."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Literal

import httpx2
from mcp import Client
from mcp.client.session import MessageHandlerFnT
from mcp.client.streamable_http import streamable_http_client

from tests.journeys.caller import Caller
from tests.journeys.waiting import PATIENCE

type Mode = Literal["auto", "legacy"]
type Note = Callable[[httpx2.Response], Awaitable[None]]


@asynccontextmanager
async def opened(
    caller: Caller, path: str = "/mcp", *, mode: Mode, hear: MessageHandlerFnT | None = None, note: Note | None = None
) -> AsyncGenerator[Client]:
    """A client, connected. `hear` is given what the server says by itself, `note` every HTTP response."""
    hooks = {"response": [note]} if note else {}
    async with httpx2.AsyncClient(timeout=PATIENCE, headers=caller.headers, event_hooks=hooks) as http:
        transport = streamable_http_client(caller.url + path, http_client=http)
        async with Client(transport, mode=mode, message_handler=hear) as client:
            yield client
