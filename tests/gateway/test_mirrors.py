"""Mirrors: which arguments headers repeat, and when both agree. The official SDK's client is the measure."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.inbound import encode_header_value, find_invalid_x_mcp_header, mcp_param_headers, x_mcp_header_map

from gateway.mirrors import Mirror, decoded, mirrors, mismatch

SCHEMA: dict[str, Any] = {
    "type": "object",
    "properties": {
        "s": {"type": "string", "x-mcp-header": "S"},
        "n": {"type": "integer", "x-mcp-header": "The-Number"},
        "b": {"type": "boolean", "x-mcp-header": "b_"},
        "deep": {"type": "object", "properties": {"er": {"type": "string", "x-mcp-header": "D.E"}}},
        "free": {"type": "string"},
    },
}
WANTED = mirrors(json.dumps(SCHEMA).encode())


def _headers(arguments: dict[str, Any]) -> dict[str, str]:
    """What the SDK's client sends, by lower-case name."""
    return {name.lower(): value for name, value in mcp_param_headers(x_mcp_header_map(SCHEMA), arguments).items()}


def _wrong(arguments: dict[str, Any], headers: dict[str, str]) -> str | None:
    body = json.dumps(arguments).encode()
    return mismatch(WANTED, body, lambda name: [headers[name]] if name in headers else [])


texts = st.text(st.characters(codec="utf-8"), max_size=20)
scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.integers(-5, 5).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
    st.sampled_from(["", " ", "true", "42", "=?base64?YQ==?=", "=?base64??=", "é", "\n", "-0", "null"]),
)
values = st.one_of(scalars, st.lists(scalars, max_size=2), st.dictionaries(texts, scalars, max_size=2))
deep = st.fixed_dictionaries({}, optional={"er": values})
arguments: st.SearchStrategy[dict[str, Any]] = st.fixed_dictionaries(
    {}, optional={"s": values, "n": values, "b": values, "free": values, "deep": st.one_of(values, deep)}
)


@given(arguments)
def test_what_the_sdk_client_sends_is_accepted_whatever_the_arguments(given_: dict[str, Any]) -> None:
    assert _wrong(given_, _headers(given_)) is None


@given(arguments, st.sampled_from(["mcp-param-s", "mcp-param-the-number", "mcp-param-b_", "mcp-param-d.e"]), texts)
def test_whatever_is_altered_on_the_way_is_refused(given_: dict[str, Any], name: str, other: str) -> None:
    sent = _headers(given_)
    altered = encode_header_value(other)
    if name in sent and not _same(given_, name, other):
        assert _wrong(given_, {**sent, name: altered}), "changed"
        assert _wrong(given_, {key: value for key, value in sent.items() if key != name}), "dropped"
    if name not in sent:
        assert _wrong(given_, {**sent, name: altered}), "added"


def _same(given_: dict[str, Any], name: str, other: str) -> bool:
    """Whether a header says the same in other words: only numbers have these."""
    sent = decoded(_headers(given_)[name])
    if sent == other:
        return True
    try:
        return name == "mcp-param-the-number" and float(sent or "") == float(other)
    except ValueError:
        return False


def test_header_given_twice_is_refused_even_where_both_are_right() -> None:
    assert mismatch(WANTED, b'{"s":"a"}', lambda name: ["a", "a"] if name == "mcp-param-s" else [])


def test_nothing_wanted_asks_for_nothing() -> None:
    def never(name: str) -> list[str]:
        raise AssertionError(name)

    assert mismatch((), b"no JSON", never) is None


def test_words_name_the_header_and_the_argument() -> None:
    assert _wrong({"deep": {"er": "x"}}, {}) == "Mcp-Param-D.E is missing, but the argument `deep.er` is given."
    assert _wrong({}, {"mcp-param-s": "x"}) == "Mcp-Param-S is given, but the argument `s` is not."
    assert _wrong({"s": "x"}, {"mcp-param-s": "y"}) == "Mcp-Param-S is not the argument `s`."


@pytest.mark.parametrize("arguments", [b'{"n":1e400}', b'{"free":%b}' % (b"9" * 5_000)])
def test_number_that_cannot_be_held_is_for_the_schemas_check_to_refuse(arguments: bytes) -> None:
    assert mismatch(WANTED, arguments, lambda _: []) is None


def test_arguments_too_deep_to_be_compared_are_refused() -> None:
    assert "nested so deeply" in (mismatch(WANTED, b'{"free":' * 50_000 + b"1" + b"}" * 50_000, lambda _: []) or "")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", ""),
        ("plain", "plain"),
        ("=?base64?YQ==?=", "a"),
        ("=?base64?w6k=?=", "é"),
        ("=?base64??=", ""),
        ("=?base64?PT9iYXNlNjQ/eD89?=", "=?base64?x?="),
        ("=?base64?YQ?=", None),
        ("=?base64?YQ===?=", None),
        ("=?base64?YR==?=", None),
        ("=?base64?Y Q==?=", None),
        ("=?base64?YQ==YQ==?=", None),
        ("=?base64?_w==?=", None),
        ("=?base64?/w==?=", None),
        ("=?base64?é?=", None),
        ("=?BASE64?YQ==?=", "=?BASE64?YQ==?="),
        ("=?base64?YQ==", "=?base64?YQ=="),
        ("x=?base64?YQ==?=", "x=?base64?YQ==?="),
        ("=?utf-8?Q?x?=", "=?utf-8?Q?x?="),
    ],
)
def test_value_is_unwrapped_where_it_is_wrapped_well(value: str, text: str | None) -> None:
    assert decoded(value) == text


@given(texts)
def test_what_the_sdk_wraps_is_unwrapped(text: str) -> None:
    assert decoded(encode_header_value(text)) == text


def _in(node: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": {"a": node}}


def _marked(token: Any = "T", **members: Any) -> dict[str, Any]:
    return {"type": "string", "x-mcp-header": token, **members}


SCHEMAS: list[tuple[dict[str, Any], bool]] = [
    (_in(_marked()), True),
    (_in({"type": "object", "properties": {"b": _marked()}}), True),
    (_in(_marked("!#$%&'*+-.^_`|~9aZ")), True),
    (_in({"type": "integer", "x-mcp-header": "T"}), True),
    (_in({"type": "boolean", "x-mcp-header": "T"}), True),
    (_in({"default": _marked(5), "const": _marked(5), "enum": [_marked(5)], "examples": [_marked(5)]}), True),
    ({"type": "object", "properties": {"x-mcp-header": {"type": "string"}}}, True),
    (_in({"type": "number", "x-mcp-header": "T"}), False),
    (_in({"type": "object", "x-mcp-header": "T"}), False),
    (_in({"type": ["string", "null"], "x-mcp-header": "T"}), False),
    (_in({"x-mcp-header": "T"}), False),
    (_in(_marked("")), False),
    (_in(_marked("a b")), False),
    (_in(_marked("a\n")), False),
    (_in(_marked("é")), False),
    (_in(_marked(5)), False),
    (_in(_marked(None)), False),
    (_marked() | {"type": "object"}, False),
    ({"type": "object", "properties": {"a": _marked("T"), "b": _marked("t")}}, False),
    ({"type": "object", "properties": {"a": _marked("T"), "b": _in(_marked("T"))}}, False),
    *[(_in({key: _marked()}), False) for key in ("items", "contains", "not", "if", "then", "else", "contentSchema")],
    *[({"type": "object", key: _marked()}, False) for key in ("additionalProperties", "propertyNames")],
    *[({"type": "object", key: [_marked()]}, False) for key in ("allOf", "anyOf", "oneOf", "prefixItems")],
    *[({"type": "object", key: {"x": _marked()}}, False) for key in ("$defs", "definitions", "patternProperties")],
    ({"type": "object", "dependentSchemas": {"x": _in(_marked())}}, False),
]


@pytest.mark.parametrize(("schema", "possible"), SCHEMAS, ids=range(len(SCHEMAS)))
def test_schema_asks_for_mirrors_as_the_sdk_understands_it(schema: dict[str, Any], possible: bool) -> None:
    assert (find_invalid_x_mcp_header(schema) is None) == possible, "the SDK's word"
    text = json.dumps(schema).encode()
    escaped = text.replace(b'"x-mcp-header"', b'"x-mcp-head\\u0065r"')
    for written in (text, escaped):
        if possible:
            found = {mirror.path: mirror.token for mirror in mirrors(written)}
            assert found == x_mcp_header_map(schema)
        else:
            with pytest.raises(ValueError, match="x-mcp-header"):
                mirrors(written)


def test_mirrors_are_in_no_schema_that_does_not_name_them() -> None:
    assert mirrors(b'{"type":"object"}') == ()
    assert {mirror.header for mirror in WANTED} == {
        "mcp-param-s",
        "mcp-param-the-number",
        "mcp-param-b_",
        "mcp-param-d.e",
    }
    assert Mirror(("n",), "The-Number", "integer") in WANTED
