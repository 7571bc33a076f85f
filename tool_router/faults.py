"""Fault: a JSON-RPC error and the HTTP status it goes out with. Failed tools are not among these: they are results."""

from http import HTTPStatus

import msgspec

PARSE_ERROR = -32700
INVALID_REQUEST = -32600
METHOD_NOT_FOUND = -32601
INVALID_PARAMS = -32602
INTERNAL = -32603
HEADER_MISMATCH = -32020
UNSUPPORTED_VERSION = -32022
CANCELLED = -32800  # what the official SDK's servers answer; outside what JSON-RPC and MCP reserve


class Fault(Exception):
    """Raised for whatever a request gets wrong. `status`: in the era that has one for each code (2026-07-28, basic "Error Codes")."""

    def __init__(self, code: int, message: str, data: object = None, status: int = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.data = data
        self.status = status

    def body(self, id: bytes | None) -> bytes:
        """As a JSON-RPC message; `id` as it came, None where there was none to be read."""
        error: dict[str, object] = {"code": self.code, "message": _plain(self.message)}
        if self.data is not None:
            error["data"] = self.data
        return b'{"jsonrpc":"2.0","id":%b,"error":%b}' % (id or b"null", msgspec.json.encode(error))


def unknown_method(method: str) -> Fault:
    """A method that is not ours."""
    return Fault(METHOD_NOT_FOUND, f"Method not found: {method[:128]}", status=HTTPStatus.NOT_FOUND)


def _plain(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
