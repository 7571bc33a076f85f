"""Schema: this package as the engine's tools know packages, made from the same types that check the inputs. Pure."""

from functools import cache
from typing import Any

import msgspec

from gateway.version import VERSION
from infra.catalog.plugin.kinds import KINDS, WAIT, Kind

type Node = dict[str, Any]

_ANY: Node = {"$ref": "pulumi.json#/Any"}
_KEPT = ("type", "description", "$ref")
_TEXT: Node = {"type": "string"}
_SETTINGS: dict[str, Node] = {
    "endpoint": {**_TEXT, "description": "The gateway's URL."},
    "scope": {**_TEXT, "description": "Ask Azure for a token of this scope, such as `api://<client id>/access`."},
    "tokenCommand": {"type": "array", "items": _TEXT, "description": "A command whose first line is a token."},
    "devUser": {**_TEXT, "description": "Who asks, for a gateway that believes headers."},
    "devRoles": {**_TEXT, "description": "Their roles, separated by commas."},
}
_WAITS: Node = {"type": "boolean", "description": "Wait until it is healthy, as long as `customTimeouts` allow."}
_DECIDED: dict[str, Node] = {
    "uid": {**_TEXT, "description": "New at each creation."},
    "generation": {"type": "integer", "description": "Grows with each change."},
    "etag": {**_TEXT, "description": "Of the version that this state knows."},
    "createdBy": _TEXT,
    "createdAt": _TEXT,
    "url": {**_TEXT, "description": "Of the record."},
}
_STATUS: dict[str, Node] = {"statusUrl": {**_TEXT, "description": "What runs of it."}}
_SERVED: dict[str, Node] = {"mcpUrl": {**_TEXT, "description": "Where MCP clients reach it."}}


@cache
def document() -> str:
    """The schema, as JSON."""
    specs = [kind.spec for kind in KINDS.values()]
    _, components = msgspec.json.schema_components(specs, ref_template="#/types/mcp-gateway:catalog:{name}")
    found: dict[str, Node] = components
    whole: Node = {
        "name": "mcp-gateway",
        "displayName": "MCP gateway",
        "description": "Adapters, tools and agents of an MCP gateway.",
        "version": VERSION,
        "config": {"variables": _SETTINGS},
        "provider": {"inputProperties": _SETTINGS, "requiredInputs": ["endpoint"]},
        "resources": {kind.resource: _resource(kind, found[kind.spec.__name__]) for kind in KINDS.values()},
        "types": {
            f"mcp-gateway:catalog:{name}": {
                "type": "object",
                "properties": _properties(node),
                "required": node.get("required", []),
            }
            for name, node in found.items()
            if name not in {spec.__name__ for spec in specs}
        },
    }
    return msgspec.json.encode(whole).decode()


def _resource(kind: Kind, node: Node) -> Node:
    inputs = _properties(node) | ({WAIT: _WAITS} if kind.runs else {})
    given = _DECIDED | (_STATUS if kind.runs else {}) | (_SERVED if kind.served else {})
    return {
        "description": f"An {kind.noun}." if kind.noun[0] == "a" else f"A {kind.noun}.",
        "inputProperties": inputs,
        "requiredInputs": [member for member in inputs if kind.requires(member) and member != "name"],
        "properties": inputs | given,
        "required": [*inputs, *given],
    }


def _properties(node: Node) -> dict[str, Node]:
    return {name: _property(member) for name, member in node["properties"].items()}


def _property(node: Node) -> Node:
    """JSON Schema in the words of Pulumi's, which knows fewer: limits stand in the gateway's refusals instead."""
    kept = {key: node[key] for key in _KEPT if key in node}
    if "anyOf" in node:
        return {**kept, "oneOf": [_property(one) for one in node["anyOf"]]}
    if "enum" in node:
        return {**kept, "type": "string"}
    if node.get("type") == "array":
        return {**kept, "items": _property(node.get("items", {}))}
    if node.get("type") == "object":
        return {**kept, "additionalProperties": _property(node.get("additionalProperties", {}))}
    return kept if "type" in kept or "$ref" in kept else {**kept, **_ANY}
