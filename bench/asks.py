"""Ask: one request to `/mcp` as the proxy sends it on, in either era, and what a right answer to it is. Sends one; applies no load."""

import http.client
from collections.abc import Mapping
from typing import Any

import msgspec

from bench.child import HOST, Child, Failed
from bench.tool_server import REPLY
from bench.toolgateway import SECRET
from bench.tools import ARGUMENTS, COUNT, MISFIT, ROLE

MODERN = "2026-07-28"
LEGACY = "2025-11-25"
PATH = "/mcp"
# Stands for ten digits that differ from request to request: in the JSON-RPC id, and in the id that the proxy gives.
NUMBER = "@@@@@@@@@@"

# What the proxy adds.
_STAMPED = {"X-Mcp-UserId", "X-Mcp-Roles", "X-Gateway-Secret", "X-Request-Id"}
_META = {
    "io.modelcontextprotocol/protocolVersion": MODERN,
    "io.modelcontextprotocol/clientInfo": {"name": "bench", "version": "1"},
    "io.modelcontextprotocol/clientCapabilities": {},
}


class Ask(msgspec.Struct, frozen=True):
    """A POST."""

    headers: dict[str, str]
    body: str

    def raw(self, port: int) -> str:
        """As it goes on the wire."""
        lines = {**self.headers, "Host": f"localhost:{port}", "Content-Length": str(len(self.body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        return f"POST {PATH} HTTP/1.1\r\n{head}\r\n{self.body}"

    def numbered(self, number: int) -> "Ask":
        """With a number where NUMBER stands."""
        digits = f"{number:010d}"
        headers = {name: value.replace(NUMBER, digits) for name, value in self.headers.items()}
        return Ask(headers, self.body.replace(NUMBER, digits))


class Answer(msgspec.Struct, frozen=True):
    """`length`: bytes on the wire, head included."""

    status: int
    headers: dict[str, str]
    body: bytes
    length: int

    @property
    def result(self) -> dict[str, Any]:
        """The member of that name. Raises Failed where there is none."""
        try:
            return msgspec.json.decode(self.body)["result"]
        except (msgspec.DecodeError, KeyError):
            raise Failed(f"answered {self.status} {self.body[:300]!r}.") from None


def modern(method: str, caller: int = 0, **params: object) -> Ask:
    """A request that stands alone."""
    name = params.get("name")
    named = {"Mcp-Name": str(name)} if name else {}
    headers = {**_headers(caller, MODERN), "Mcp-Method": method, **named}
    return Ask(headers, _body(method, {**params, "_meta": _META}))


def legacy(method: str, session: str, caller: int = 0, **params: object) -> Ask:
    """A request within a session."""
    headers = _headers(caller, LEGACY)
    if session:
        headers["Mcp-Session-Id"] = session
    return Ask(headers, _body(method, params))


def call(tool: str, caller: int = 0, *, session: str = "", fits: bool = True) -> Ask:
    """`tools/call`: of the later era, unless there is a session."""
    params = {"name": tool, "arguments": msgspec.Raw(ARGUMENTS if fits else MISFIT)}
    return legacy("tools/call", session, caller, **params) if session else modern("tools/call", caller, **params)


def sampled(ask: Ask) -> Ask:
    """The same request of a client that wants its trace recorded."""
    return Ask({**ask.headers, "Traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}, ask.body)


def outside(ask: Ask, proof: Mapping[str, str]) -> Ask:
    """The same request as a client sends it to the proxy. `proof`: headers that say who calls."""
    kept = {name: value for name, value in ask.headers.items() if name not in _STAMPED}
    return Ask({**kept, **proof}, ask.body)


def begin(child: Child, caller: int = 0) -> str:
    """The id of a new session. Raises Failed."""
    client = {"name": "bench", "version": "1"}
    ask = legacy("initialize", "", caller, protocolVersion=LEGACY, capabilities={}, clientInfo=client)
    answer = post(child, ask)
    if answer.status != 200 or "mcp-session-id" not in answer.headers:
        raise Failed(f"{child.name}: initialize was answered {answer.status} {answer.body[:300]!r}.")
    return answer.headers["mcp-session-id"]


def check_call(child: Child, ask: Ask) -> Answer:
    """Calls once. Raises Failed unless the tool's reply is there whole, as text and as JSON."""
    answer = post(child, ask)
    result = answer.result
    right = {"content": [{"type": "text", "text": REPLY.decode()}], "structuredContent": msgspec.json.decode(REPLY)}
    if answer.status != 200 or result.get("isError") or any(result.get(key) != value for key, value in right.items()):
        raise Failed(f"{child.name}: a call was answered {answer.status} {answer.body[:300]!r}.")
    return answer


def check_list(child: Child, ask: Ask) -> Answer:
    """Lists once. Raises Failed unless all tools are on the page, in the order of their names."""
    answer = post(child, ask)
    names = [tool["name"] for tool in answer.result["tools"]]
    if answer.status != 200 or len(names) != COUNT or names != sorted(names) or answer.result.get("nextCursor"):
        raise Failed(f"{child.name}: a list was answered {answer.status} with {len(names)} tools.")
    return answer


def post(child: Child, ask: Ask) -> Answer:
    """Asks once, on a connection of its own. Raises Failed where nothing comes back."""
    ask = ask.numbered(1_000_000_000)
    connection = http.client.HTTPConnection(HOST, child.port, timeout=20)
    try:
        connection.request("POST", PATH, ask.body, ask.headers)
        response = connection.getresponse()
        body = response.read()
    except (OSError, http.client.HTTPException) as error:
        raise Failed(f"{child.name}: no answer to a POST: {error!r}") from error
    finally:
        connection.close()
    status_line = len(f"HTTP/1.1 {response.status} {response.reason}\r\n")
    lines = sum(len(name) + len(value) + 4 for name, value in response.headers.items())
    headers = {name.lower(): value for name, value in response.headers.items()}
    return Answer(response.status, headers, body, status_line + lines + 2 + len(body))


def _headers(caller: int, revision: str) -> dict[str, str]:
    """A client's, as far as they reach the router, and the proxy's own."""
    return {
        "Accept": "application/json, text/event-stream",
        "Accept-Encoding": "gzip, deflate",
        "Content-Type": "application/json",
        "User-Agent": "bench",
        "Mcp-Protocol-Version": revision,
        "X-Mcp-UserId": f"user-{caller:04d}",
        "X-Mcp-Roles": f"mcp.engineer,{ROLE}",
        "X-Gateway-Secret": SECRET,
        "X-Request-Id": "0" * (32 - len(NUMBER)) + NUMBER,
    }


def _body(method: str, params: dict[str, object]) -> str:
    id = msgspec.Raw(NUMBER.encode())
    return msgspec.json.encode({"jsonrpc": "2.0", "id": id, "method": method, "params": params}).decode()
