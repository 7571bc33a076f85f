"""What a schema asks for is counted in steps, and never too low."""

from typing import Any

import msgspec
import pytest

from gateway.schema_graph import graph
from gateway.schema_work import STEPS, Work, work

type Schema = dict[str, Any]


def _work(schema: Schema) -> Work:
    return work(graph(schema, 1000))


def _fan(levels: int, keyword: str = "allOf") -> Schema:
    defs: Schema = {f"d{n}": {keyword: [{"$ref": f"#/$defs/d{n + 1}"}] * 2} for n in range(levels)}
    return msgspec.json.decode(
        msgspec.json.encode({"$defs": defs | {f"d{levels}": {"type": "object"}}, "$ref": "#/$defs/d0"})
    )


@pytest.mark.parametrize(
    ("schema", "steps"),
    [
        (dict[str, Any](), 1),
        ({"type": "object", "properties": {"a": True, "b": True}}, 1),
        ({"allOf": [{"title": "a"}, {"title": "b"}]}, 3),
        ({"if": {"title": "a"}, "then": {"title": "b"}, "else": {"title": "c"}}, 4),
        ({"allOf": [{"title": "a"}], "unevaluatedProperties": False}, 4),
        ({"properties": {"a": {"anyOf": [{"title": "b"}, {"title": "c"}]}}}, 3),
        ({"properties": {"a": {"$ref": "#/$defs/x"}}, "$defs": {"x": {"title": "x"}}}, 2),
        ({"properties": {"a": {"$ref": "#x"}}, "$defs": {"x": {"$anchor": "x"}}}, 2),
        ({"properties": {"a": {"$ref": "x"}}, "$defs": {"x": {"$id": "http://h/x", "title": "x"}}}, 2),
        ({"const": {"allOf": [{"not": True}]}, "enum": [{"allOf": [{"not": True}]}], "default": {"$ref": "#"}}, 1),
    ],
)
def test_each_place_costs_what_is_applied_to_it(schema: Schema, steps: int) -> None:
    found = _work(schema)
    assert (found.by_depth[-1], found.ends) == (steps, True)


@pytest.mark.parametrize("keyword", ["allOf", "anyOf", "oneOf"])
def test_references_that_fan_out_are_refused(keyword: str) -> None:
    assert _work(_fan(5, keyword)).by_depth[0] > 2**5
    with pytest.raises(ValueError, match="too many steps"):
        _work(_fan(40, keyword))


def test_what_follows_a_value_down_costs_the_same_at_every_level() -> None:
    tree = _work({"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}}})
    json = _work({"anyOf": [{"items": {"$ref": "#"}}, {"additionalProperties": {"$ref": "#"}}, {"type": "null"}]})
    assert tree.ends
    assert json.ends


def test_what_looks_twice_at_every_level_has_a_depth_where_it_ends() -> None:
    twice = _work({"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]})
    assert not twice.ends
    assert 8 < len(twice.by_depth) < 32
    assert twice.steps(b'{"a":{}}', {"a": {}}) < 100
    deep: object = {}
    for _ in range(40):
        deep = {"a": deep}
    assert twice.steps(msgspec.json.encode(deep), deep) > STEPS


def test_larger_values_cost_more() -> None:
    found = _work({"properties": {"a": {"items": {"allOf": [{"title": "a"}]}}}})
    small, large = ({"a": [1] * count} for count in (10, 1000))
    assert found.steps(msgspec.json.encode(small), small) < 100
    assert 2000 < found.steps(msgspec.json.encode(large), large) < 10_000


@pytest.mark.parametrize(
    "schema",
    [
        {"$ref": "#"},
        {"allOf": [{"anyOf": [{"$ref": "#"}]}]},
        {"$defs": {"a": {"$ref": "#/$defs/b"}, "b": {"not": {"$ref": "#/$defs/a"}}}},
        {"$dynamicAnchor": "x", "if": {"$dynamicRef": "#x"}},
        {"$recursiveRef": "#"},
    ],
)
def test_a_schema_that_leads_to_itself_at_one_place_is_refused(schema: Schema) -> None:
    with pytest.raises(ValueError, match="refers to itself"):
        _work(schema)


def test_subschemas_are_counted_wherever_they_stand() -> None:
    with pytest.raises(ValueError, match="more than 1,000 subschemas"):
        _work({"$defs": {f"d{n}": {"title": "d"} for n in range(1001)}})


def test_patterns_are_found_wherever_they_stand() -> None:
    schema: Schema = {
        "properties": {"pattern": {"pattern": "a"}},
        "patternProperties": {"b": {"items": [{"pattern": "c"}]}},
        "$defs": {"x": {"dependencies": {"y": {"pattern": "d"}, "z": ["a"]}}},
    }
    assert sorted(graph(schema, 1000).patterns) == ["a", "b", "c", "d"]
