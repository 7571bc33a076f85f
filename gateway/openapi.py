"""The OpenAPI 3.1 document, made from the table of operations and the types of the records. Pure.

What a record looks like is said by the records, which routes there are by `operations`, the prose by `openapi_words`;
here stands only how they are put together. No `$ref` leads back to where it came from, so that API tools can import it.

    python -m gateway.openapi > openapi/mcp-gateway.openapi.json
"""

import re
import sys
from functools import cache
from http import HTTPStatus
from typing import Any

import msgspec

from gateway.errors import PROBLEM, Problem
from gateway.openapi_words import DESCRIPTION, EXAMPLES, HEADERS, INTRODUCTION, PROBLEMS, SECURITY, TAGS, TOOL
from gateway.operations import JSON, OPERATIONS, Answer, Operation, Parameter

type Json = dict[str, Any]

LOCAL = "http://localhost:8000"
_REF = "#/components/schemas/{name}"
_END = re.compile(r"\\Z$")  # Python's spelling of "the very end"
_HIDDEN = "deletedAt"  # a tombstone is never shown


@cache
def text(server: str = LOCAL) -> bytes:
    """The document as indented JSON, with a final newline."""
    return msgspec.json.format(msgspec.json.encode(document(server)), indent=2) + b"\n"


def document(server: str = LOCAL) -> Json:
    """The document. `server` is the origin it is served under; `/` means wherever it was read from."""
    paths: dict[str, Json] = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method.lower()] = _operation(operation)
    return {
        "openapi": "3.1.0",
        "info": {"title": "MCP gateway", "version": "1", "summary": INTRODUCTION, "description": DESCRIPTION},
        "servers": [{"url": server}],
        "tags": [{"name": name, "description": words} for name, words in TAGS.items()],
        "security": [{"bearer": []}],
        "paths": paths,
        "components": {
            "schemas": _schemas(),
            "responses": {_response_name(status): _problem(status, (PROBLEM,)) for status in PROBLEMS},
            "headers": HEADERS,
            "securitySchemes": SECURITY,
        },
    }


def _operation(operation: Operation) -> Json:
    entry: Json = {"operationId": operation.id, "tags": [operation.tag], "summary": operation.summary}
    if operation.anonymous:
        entry["security"] = []
    if operation.parameters:
        entry["parameters"] = [_parameter(parameter) for parameter in operation.parameters]
    if operation.body is not None:
        entry["requestBody"] = _request_body(operation)
    entry["responses"] = {
        **{str(answer.status): _success(answer) for answer in operation.answers},
        **{str(status): _refusal(operation, status) for status in sorted(operation.errors)},
        **(
            {"default": {"description": "Whatever else the server behind the gateway answers."}}
            if operation.open
            else {}
        ),
    }
    return entry


def _parameter(parameter: Parameter) -> Json:
    return {
        "name": parameter.name,
        "in": parameter.where,
        "required": parameter.where == "path",
        "description": parameter.description,
        "schema": _schema(parameter.type),
    }


def _request_body(operation: Operation) -> Json:
    content: Json = {"schema": _schema(operation.body)}
    if operation.id in EXAMPLES:
        example = EXAMPLES[operation.id]
        content["examples"] = {example["name"]: {"value": example}}
    return {"required": True, "content": {JSON: content}}


def _success(answer: Answer) -> Json:
    entry: Json = {"description": answer.description, "headers": _headers("X-Request-Id", *answer.headers)}
    if answer.body is not None:
        # Only JSON has a structure to describe; text, pages and event streams are strings.
        entry["content"] = {
            media: {"schema": _schema(answer.body) if media == JSON else {"type": "string"}} for media in answer.media
        }
    return entry


def _refusal(operation: Operation, status: int) -> Json:
    if operation.open:
        return _problem(status, (PROBLEM, JSON))  # MCP servers refuse with JSON-RPC errors
    return {"$ref": f"#/components/responses/{_response_name(status)}"}


def _problem(status: int, media: tuple[str, ...]) -> Json:
    description, headers = PROBLEMS[status]
    problem, other = {"$ref": _REF.format(name="Problem")}, {"type": "object"}
    return {
        "description": description,
        "headers": _headers("X-Request-Id", *headers),
        "content": {kind: {"schema": problem if kind == PROBLEM else other} for kind in media},
    }


def _response_name(status: int) -> str:
    return "".join(word.capitalize() for word in re.findall(r"[A-Za-z]+", HTTPStatus(status).phrase))


def _headers(*names: str) -> Json:
    return {name: {"$ref": f"#/components/headers/{name}"} for name in names}


def _schema(kind: object) -> Json:
    (schema,), _ = msgspec.json.schema_components([kind], ref_template=_REF)
    return _tidied(schema)


def _schemas() -> Json:
    bodies = [operation.body for operation in OPERATIONS]
    answers = [answer.body for operation in OPERATIONS for answer in operation.answers]
    kinds = [kind for kind in (*bodies, *answers, Problem) if kind is not None]
    _, components = msgspec.json.schema_components(kinds, ref_template=_REF)
    schemas = _tidied(components)
    schemas["ToolDefinition"]["properties"]["tool"] = TOOL
    schemas["EnvReference"]["oneOf"] = [{"required": [name]} for name in schemas["EnvReference"]["properties"]]
    for schema in schemas.values():
        schema.get("properties", {}).pop(_HIDDEN, None)
    return dict(sorted(schemas.items()))


def _tidied(node: Any) -> Any:
    """The schema as others spell it: patterns of ECMA 262, no empty lists."""
    if isinstance(node, dict):
        members: Json = node  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        kept = {key: value for key, value in members.items() if not (key == "required" and value == [])}
        return {key: _END.sub("$", value) if key == "pattern" else _tidied(value) for key, value in kept.items()}
    if isinstance(node, list):
        items: list[Any] = node  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
        return [_tidied(item) for item in items]
    return node


if __name__ == "__main__":
    sys.stdout.buffer.write(text())
