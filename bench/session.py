"""Session: a legacy MCP session through one proxy, and the one request whose cost is measured. Checks replies, applies no load."""

import http.client
from collections.abc import Mapping, Sequence

import msgspec

from bench.child import HOST, Child, Failed
from bench.upstream import INTERNAL, RESULT

PATH = "/adapters/bench/mcp"
ROLE = "bench.caller"  # who may call
BELIEVED = {"X-Dev-UserId": "dev", "X-Dev-Roles": ROLE}
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
    "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00",  # not sampled
}


class Session(msgspec.Struct, frozen=True):
    """An open session; `length` is the bytes of one reply on the wire, head included.

    `callers`: where several call in turn, each in a session of its own, the headers in which they differ; else nothing.
    """

    child: Child
    headers: dict[str, str]
    length: int
    callers: tuple[dict[str, str], ...] = ()


def open_session(child: Child, proof: Mapping[str, str] = BELIEVED) -> Session:
    """Initialises through the proxy and calls once. `proof`: headers that say who calls. Raises Failed for any answer but the right one."""
    sent = {**_HEADERS, **proof}
    status, headers, body = _post(child, _OPEN, sent)
    id = headers.get("Mcp-Session-Id")
    if status != 200 or not id:
        raise Failed(f"{child.name}: initialize was answered {status}, session {id}, {body[:200]!r}.")
    with_id = {**sent, "Mcp-Session-Id": id}
    return Session(child, with_id, check(child, with_id))


def open_sessions(child: Child, proofs: Sequence[Mapping[str, str]]) -> Session:
    """A session for each proof; their names have one length, so that the replies have. Raises Failed as `open_session` does."""
    sessions = [open_session(child, proof) for proof in proofs]
    if len({session.length for session in sessions}) > 1:
        raise Failed(f"{child.name}: replies to several callers differ in length.")
    own = [{name: session.headers[name] for name in ("Mcp-Session-Id", *proofs[0])} for session in sessions]
    return Session(child, sessions[0].headers, sessions[0].length, tuple(own))


def check(child: Child, headers: dict[str, str]) -> int:
    """Calls the tool once; the reply's bytes on the wire. Raises Failed unless status, body and session are right."""
    status, replied, body = _post(child, CALL, headers)
    if status != 200 or body != RESULT:
        raise Failed(f"{child.name}: the call was answered {status} {body[:200]!r}.")
    if replied.get("Mcp-Session-Id") != headers["Mcp-Session-Id"]:
        raise Failed(f"{child.name}: the reply carries another session's id.")
    lines = (len(name) + len(value) + 4 for name, value in replied.items())
    return len("HTTP/1.1 200 OK\r\n") + sum(lines) + 2 + len(body)


def check_verified(session: Session) -> None:
    """Whether the proxy verifies who calls: a request with only a claim is refused. Raises Failed."""
    told = {name: value for name, value in session.headers.items() if name != "Authorization"}
    status, _, body = _post(session.child, CALL, {**told, **BELIEVED})
    if status != 401:
        raise Failed(f"{session.child.name}: a call without a token was answered {status} {body[:200]!r}.")


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
