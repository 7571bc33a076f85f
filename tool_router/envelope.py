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
    for name in (VERSION, METHOD, NAME):
        if len(sent.all(name)) > 1:
            raise Fault(HEADER_MISMATCH, f"{name} is given more than once.")
    found = meta(params)
    if found is None or found.version is UNSET or found.capabilities is UNSET:
        raise Fault(
            INVALID_PARAMS,
            "params._meta must have io.modelcontextprotocol/protocolVersion and io.modelcontextprotocol/clientCapabilities.",
        )
    version = value_of(found.version)
    if sent.get(VERSION) != version:
        raise Fault(HEADER_MISMATCH, f"{VERSION} is not the protocol version in params._meta.")
    if sent.get(METHOD) != message.method:
        raise Fault(HEADER_MISMATCH, f"{METHOD} is not the method of the body.")
    _check_name(sent, _named(message, params))
    check_version(sent)
    return found


def check_version(sent: Headers) -> None:
    """Raises Fault for a revision that is not served."""
    version = sent.get(VERSION)
    if version != MODERN:
        data = {"supported": [MODERN], "requested": (version or "")[:128]}
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


def _check_name(sent: Headers, named: Raw | UnsetType) -> None:
    name = value_of(named)
    if name is not None and _decoded(sent.get(NAME)) != name:
        raise Fault(HEADER_MISMATCH, f"{NAME} is not the name in params.")


def _decoded(value: str | None) -> str | None:
    return None if value is None else decoded(value)
