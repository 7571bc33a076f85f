"""The OpenAPI document: complete, valid, importable, and the committed copy is this one."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import msgspec
import pytest

from gateway import openapi
from gateway.definition import settled
from gateway.errors import Invalid, problem
from gateway.openapi_words import EXAMPLES
from gateway.operations import OPERATIONS
from gateway.records import AdapterSpec, ToolSpec, check
from gateway.wire import decode

_COMMITTED = Path(__file__).parents[2] / "openapi" / "mcp-gateway.openapi.json"
_DOCUMENT = openapi.document()
_SCHEMAS: dict[str, Any] = _DOCUMENT["components"]["schemas"]


def _validator(name: str) -> jsonschema_rs.Validator:
    return jsonschema_rs.validator_for({**_SCHEMAS[name], "components": {"schemas": _SCHEMAS}})


def _nodes(node: Any) -> Iterator[dict[str, Any]]:
    if isinstance(node, dict):
        members: dict[str, Any] = node  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        yield members
        for value in members.values():
            yield from _nodes(value)
    if isinstance(node, list):
        items: list[Any] = node  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
        for item in items:
            yield from _nodes(item)


def test_committed_copy_is_fresh() -> None:
    how = "run: ./uvw run python -m gateway.openapi > openapi/mcp-gateway.openapi.json"

    assert _COMMITTED.read_bytes() == openapi.text(), how


def test_every_operation_and_answer_is_in_it() -> None:
    for operation in OPERATIONS:
        entry = _DOCUMENT["paths"][operation.path][operation.method.lower()]
        expected = {str(answer.status) for answer in operation.answers} | {str(status) for status in operation.errors}
        assert entry["operationId"] == operation.id
        assert set(entry["responses"]) == expected | ({"default"} if operation.open else set())
        assert entry.get("security", _DOCUMENT["security"]) == ([] if operation.anonymous else [{"bearer": []}])
        assert ("requestBody" in entry) == (operation.body is not None)
    assert sum(len(path) for path in _DOCUMENT["paths"].values()) == len(OPERATIONS)


def test_every_reference_leads_somewhere_and_none_back_to_itself() -> None:
    def target(reference: str) -> Any:
        node: Any = _DOCUMENT
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]
        return node

    def follow(node: Any, above: tuple[str, ...]) -> None:
        for inner in _nodes(node):
            if reference := inner.get("$ref"):
                assert reference not in above
                follow(target(reference), (*above, reference))

    follow(_DOCUMENT["paths"], ())


def test_every_schema_is_one_and_every_pattern_is_everybodys() -> None:
    for schema in _SCHEMAS.values():
        jsonschema_rs.meta.validate(schema)
    for node in _nodes(_DOCUMENT):
        assert "\\Z" not in str(node.get("pattern", ""))


@pytest.mark.parametrize(("id", "name"), [("create_adapter", "AdapterSpec"), ("create_tool", "ToolSpec")])
def test_examples_fit_the_schema_and_are_taken(id: str, name: str) -> None:
    body = json.dumps(EXAMPLES[id]).encode()

    assert _validator(name).is_valid(EXAMPLES[id])
    spec = decode(body, ToolSpec if name == "ToolSpec" else AdapterSpec)
    check(spec)
    if isinstance(spec, ToolSpec):
        assert (
            json.loads(bytes(settled(spec.tool_definition.tool, spec.name))) == EXAMPLES[id]["toolDefinition"]["tool"]
        )


def test_problems_fit_their_schema() -> None:
    body = msgspec.json.decode(problem(Invalid("name: no", field="name"), "r"))

    assert _validator("Problem").is_valid(body)


def test_tombstones_are_not_shown() -> None:
    assert all("deletedAt" not in schema.get("properties", {}) for schema in _SCHEMAS.values())


def test_server_is_where_the_caller_says() -> None:
    assert openapi.document("https://gateway.example.org")["servers"] == [{"url": "https://gateway.example.org"}]
