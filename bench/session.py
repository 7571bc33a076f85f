"""Session: a legacy MCP session through one proxy, and the one request whose cost is measured. Checks replies, applies no load."""

import http.client

import msgspec

from bench.child import HOST, Child, Failed
from bench.upstream import INTERNAL, RESULT

PATH = "/adapters/bench/mcp"
CALL = b'{"jsonrpc":"2.0","id":2,"method":"tools/call","params":{"name":"add","arguments":{"a":2,"b":3}}}'
_OPEN = (
    b'{"jsonrpc":"2.0","id":1,"method":"initialize","params":{"protocolVersion":"2025-11-25","capabilities":{},'
    b'"clientInfo":{"name":"bench","version":"1"}}}'
)
_HEADERS = {
    "Accept": "application/json, text/event-stream",
    "Content-Type": "application/json",
    "User-Agent": "bench",
    "Mcp-Protocol-Version": "2025-11-25",
    "X-Dev-UserId": "dev",
    "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",  # not sampled
}


class Session(msgspec.Struct, frozen=True):
    """An open session; `length` is the bytes of one reply on the wire, head included."""

    child: Child
    headers: dict[str, str]
    length: int


def open_session(child: Child) -> Session:
    """Initialises through the proxy and calls once. Raises Failed for any answer but the right one."""
    status, headers, body = _post(child, _OPEN, _HEADERS)
    id = headers.get("Mcp-Session-Id")
    if status != 200 or not id:
        raise Failed(f"{child.name}: initialize was answered {status}, session {id}, {body[:200]!r}.")
    with_id = {**_HEADERS, "Mcp-Session-Id": id}
    return Session(child, with_id, check(child, with_id))


def check(child: Child, headers: dict[str, str]) -> int:
    """Calls the tool once; the reply's bytes on the wire. Raises Failed unless status, body and session are right."""
    status, replied, body = _post(child, CALL, headers)
    if status != 200 or body != RESULT:
        raise Failed(f"{child.name}: the call was answered {status} {body[:200]!r}.")
    if replied.get("Mcp-Session-Id") != headers["Mcp-Session-Id"]:
        raise Failed(f"{child.name}: the reply carries another session's id.")
    lines = (len(name) + len(value) + 4 for name, value in replied.items())
    return len("HTTP/1.1 200 OK\r\n") + sum(lines) + 2 + len(body)


def check_ours(session: Session) -> None:
    """Whether the proxy is ours in earnest: the session's id sealed, the upstream's own headers gone. Raises Failed."""
    _, replied, _ = _post(session.child, CALL, session.headers)
    if INTERNAL in replied or "Server" in replied:
        raise Failed("our proxy let a header of the upstream through.")
    if len(session.headers["Mcp-Session-Id"]) <= 32:
        raise Failed("our proxy did not seal the session id.")


def _post(child: Child, body: bytes, headers: dict[str, str]) -> tuple[int, http.client.HTTPMessage, bytes]:
    connection = http.client.HTTPConnection(HOST, child.port, timeout=20)
    try:
        connection.request("POST", PATH, body, headers)
        response = connection.getresponse()
        return response.status, response.headers, response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{child.name}: no answer to a POST: {error!r}") from error
    finally:
        connection.close()
