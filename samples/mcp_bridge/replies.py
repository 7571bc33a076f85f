"""The HTTP answers of the bridge: JSON-RPC errors with a status, and event streams. Decides nothing."""

from typing import Any

from aiohttp import web

from samples.mcp_bridge.message import INVALID_REQUEST, RequestId, error_body
from samples.mcp_bridge.stream import Stream

SESSION_ID = "Mcp-Session-Id"
HEARTBEAT = 15.0  # seconds of silence until a comment is sent, for proxies and to notice a client that is gone


def refusal(
    status: int,
    why: str,
    *,
    code: int = INVALID_REQUEST,
    id: RequestId | None = None,
    data: Any = None,
    headers: dict[str, str] | None = None,
) -> web.Response:
    """A JSON-RPC error, which clients show to people, with the HTTP status they act upon."""
    return json(error_body(id, code, why, data), status, headers)


def json(body: bytes, status: int = 200, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json", headers=headers)


async def event_stream(request: web.Request, stream: Stream, session_id: str) -> web.StreamResponse:
    """Sends the head at once, then every message as it comes, until the stream closes or the client hangs up."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream",
            "Cache-Control": "no-cache, no-transform",
            "X-Accel-Buffering": "no",
            SESSION_ID: session_id,
        }
    )
    try:
        await response.prepare(request)
        async for line in stream.lines(every=HEARTBEAT):
            await response.write(b": ping\n\n" if line is None else b"event: message\ndata: " + line + b"\n\n")
    except ConnectionError:
        return response  # hung up while we wrote; the call goes on (2025-11-25: a disconnect is no cancellation)
    finally:
        stream.close()
    return response
