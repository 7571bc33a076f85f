"""Envelope: what a request of 2026-07-28 says about itself, in headers and in its body, and whether both say the same. Pure.

MCP 2026-07-28, basic "Per-request protocol fields" and basic/transports/streamable-http "Server Validation".
"""

from typing import Protocol

from msgspec import UNSET, Raw, UnsetType

from gateway.mirrors import decoded
from tool_router.faults import HEADER_MISMATCH, INVALID_PARAMS, UNSUPPORTED_VERSION, Fault
from tool_router.message import Message, Meta, Params, meta, value_of
from tool_router.results import MODERN

VERSION = "MCP-Protocol-Version"
METHOD = "Mcp-Method"
NAME = "Mcp-Name"


class Headers(Protocol):
    """Where headers are read."""

    def get(self, name: str) -> str | None: ...
    def all(self, name: str) -> list[str]: ...


def check(sent: Headers, message: Message, params: Params) -> Meta:
    """`params._meta` of a request that is well-formed. Raises the first Fault, in the order of the official SDK's servers."""
    given, method, name = _once(sent, VERSION), _once(sent, METHOD), _once(sent, NAME)
    found = meta(params)
    if found is None or found.version is UNSET or found.capabilities is UNSET:
        raise Fault(
            INVALID_PARAMS,
            "params._meta must have io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities.",
        )
    if given is None or given != value_of(found.version):
        raise Fault(HEADER_MISMATCH, f"{VERSION} is not the protocol version in params._meta.")
    if method != message.method:
        raise Fault(HEADER_MISMATCH, f"{METHOD} is not the method of the body.")
    _check_name(name, _named(message, params))
    _check_served(given)
    return found


def check_version(sent: Headers) -> None:
    """Raises Fault for a revision that is not served."""
    _check_served(sent.get(VERSION) or "")


def _check_served(version: str) -> None:
    if version != MODERN:
        data = {"supported": [MODERN], "requested": version[:128]}
        raise Fault(UNSUPPORTED_VERSION, "Unsupported protocol version", data)


def _named(message: Message, params: Params) -> Raw | UnsetType:
    """What `Mcp-Name` repeats."""
    match message.method:
        case "tools/call" | "prompts/get":
            return params.name
        case "resources/read":
            return params.uri
        case _:
            return UNSET


def _once(sent: Headers, name: str) -> str | None:
    """The value of a header that decides; None: it is not there."""
    values = sent.all(name)
    if len(values) > 1:
        raise Fault(HEADER_MISMATCH, f"{name} is given more than once.")
    return values[0] if values else None


def _check_name(sent: str | None, named: Raw | UnsetType) -> None:
    name = value_of(named)
    if name is not None and _decoded(sent) != name:
        raise Fault(HEADER_MISMATCH, f"{NAME} is not the name in params.")


def _decoded(value: str | None) -> str | None:
    return None if value is None else decoded(value)
