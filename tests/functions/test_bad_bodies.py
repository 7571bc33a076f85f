"""Wrong input: always a 4xx problem that names the part that is wrong, and nothing is changed by it."""

from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.functions.bodies import adapter, tool
from tests.functions.direct import Direct, Reply

# A loaded machine is no failure.
_CALM = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])
_DEEP = b"[" * 200_000
_WRONG: tuple[Any, ...] = (None, 7, True, [], {}, 1.5)

# Bodies that are no record of either kind.
_NO_RECORD = {
    "empty": b"",
    "cut off": b'{"name":"one"',
    "more after the end": b"{} {}",
    "array": b"[]",
    "string": b'"one"',
    "null": b"null",
    "not UTF-8": b'{"name":"\xff"}',
    "not UTF-8 in an unknown member": msgspec.json.encode(adapter())[:-1] + b',"x":"\xc3("}',
    "byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": '{"name":"one"}'.encode("utf-16"),
    "lone surrogate": msgspec.json.encode(adapter())[:-1] + b',"description":"\\ud800"}',
    "lone surrogate in an unknown member": msgspec.json.encode(adapter())[:-1] + b',"x":["\\udfff"]}',
    "control character": msgspec.json.encode(adapter())[:-1] + b',"description":"a\nb"}',
    "comment": b'{"name":"one" /* the first */}',
    "trailing comma": b'{"name":"one",}',
    "deep": _DEEP,
    "deep in an unknown member": msgspec.json.encode(adapter())[:-1] + b',"x":' + _DEEP,
}

_MEMBERS: dict[str, tuple[Any, ...]] = {
    "name": (*_WRONG, "", "A", "a_b", "-a", "a-", "1a", "a" * 41, "a" * 100_000, "a\n", "a/b", "é", "mcp", "agents"),
    "imageName": (*_WRONG, "", "../x", "a//b", "UPPER", "a b", "x;y", "a\n", "no-such-image"),
    "imageVersion": (*_WRONG, "", "a b", "-1", "v" * 129, "1\n", "sha256:abc"),
    "replicaCount": (None, -1, 33, "1", 1.5, True, [], 10**30, float(10**9)),
    "description": (*_WRONG, "nul\0"),
    "useWorkloadIdentity": (None, 1, "true", []),
    "readOnlyRootFilesystem": (None, 0, "false", {}),
    "requiredRoles": (None, "x", {}, [1], [None], [""], ["a,b"], [" a"], ["a\n"], ["r"] * 65),
    "command": (None, "sh", [1], ["a\0"], ["a"] * 65),
    "args": (None, {}, [[]], ["a\0"]),
    "environmentVariables": (
        *(
            None,
            [],
            "x",
            {"A": 1},
            {"A": None},
            {"A": {}},
            {"A=B": "x"},
            {"": "x"},
            {"A\0": "x"},
            {"A": "nul\0"},
            {"1": "x"},
        ),
        *({"A": {"secretRef": {"name": "s"}}}, {"A": {"secretRef": {"name": "S", "key": "k"}}}, {"A": "***"}),
        {"A": {"secretRef": {"name": "s", "key": "k"}, "configMapRef": {"name": "s", "key": "k"}}},
        {f"V{number}": "" for number in range(1025)},
    ),
    "resources": (None, 1, {"limits": {"cpu": "lots"}}, {"requests": {"memory": 5}}, {"limits": None}),
    "probe": (None, {}, "/ready", {"path": "ready"}, {"path": "/a?b"}),
    "acl": (None, [], {"read": "x"}, {"call": [1]}, {"write": None}, {"read": ["a,b"]}, {"call": ["r"] * 257}),
}
_ADAPTER_MEMBERS: dict[str, tuple[Any, ...]] = {
    "affinity": (None, "", "sticky", "PRINCIPAL", "x" * 10_000),
    "port": (None, 0, 65536, -1, "8000", 1.5, True),
}
_TOOL_MEMBERS: dict[str, tuple[Any, ...]] = {
    "timeoutSeconds": (None, 0, 3601, "1", 1.5),
    "toolDefinition": (None, [], "x", {}),
    "toolDefinition.tool": (None, [], "x", 5),
    "toolDefinition.port": (None, 0, 65536, -1, "x", 1.5),
    "toolDefinition.path": (
        None,
        5,
        "",
        "score",
        "@evil/",
        "/a?b",
        "/a#b",
        "/a:b",
        "/a b",
        "/a\n",
        "/%2e",
        "/\\a",
        "http://a/",
    ),
    "toolDefinition.tool.name": ("another", 5, None, [], "ONE"),
    "toolDefinition.tool.title": (5, []),
    "toolDefinition.tool.annotations": ([], "x"),
    "toolDefinition.tool.icons": ({}, "x"),
    "toolDefinition.tool._meta": ([], 1),
    "toolDefinition.tool.inputSchema": (
        *(
            "x",
            None,
            [],
            {},
            {"type": "string"},
            {"type": "object", "properties": 5},
            {"type": "object", "required": "a"},
        ),
        *({"type": "object", "$ref": "#/nowhere"}, {"type": "object", "$ref": "http://127.0.0.1:1/schema"}),
        {"type": "object", "$schema": "http://example.com/mine"},
        {"type": "object", "properties": {"a": {"pattern": "("}}},
    ),
    "toolDefinition.tool.outputSchema": ("x", [], {"type": "array"}),
}


def _with(body: dict[str, Any], path: str, value: Any) -> dict[str, Any]:
    """The body with the member at this path replaced; `toolDefinition.tool.name` goes down."""
    name, _, rest = path.partition(".")
    return {**body, name: _with(body[name], rest, value) if rest else value}


_TABLE = [
    *[("adapter", _with(adapter(), path, v), path) for path, values in _MEMBERS.items() for v in values],
    *[("adapter", _with(adapter(), path, v), path) for path, values in _ADAPTER_MEMBERS.items() for v in values],
    *[("tool", _with(tool(tool={}), path, v), path) for path, values in _MEMBERS.items() for v in values],
    *[("tool", _with(tool(tool={}), path, v), path) for path, values in _TOOL_MEMBERS.items() for v in values],
]


def _assert_refused(reply: Reply, status: int, field: str = "") -> None:
    assert reply.status == status
    problem = reply.json
    assert problem["status"] == status
    assert len(reply.body) < 3_000, "a refusal does not send back what was sent"
    if field:
        named = problem["errors"][0]["field"]
        assert named == field or named.startswith((f"{field}.", f"{field}["))
        assert field.rpartition(".")[2] in problem["detail"]


@pytest.mark.parametrize("what", _NO_RECORD)
@pytest.mark.parametrize("kind", ["adapter", "tool"])
async def test_body_that_is_no_record_is_refused(kind: str, what: str) -> None:
    direct = Direct()

    _assert_refused(await direct.call(f"create_{kind}", body=_NO_RECORD[what]), 400)

    assert not direct.store.rows()


@pytest.mark.parametrize("name", ["name", "imageName", "imageVersion", "toolDefinition"])
async def test_missing_member_is_named(name: str) -> None:
    body = {key: value for key, value in tool().items() if key != name}

    _assert_refused(await Direct().call("create_tool", body=body), 400, name)


async def test_every_wrong_member_is_named_on_post_and_on_put_and_changes_nothing() -> None:
    direct = Direct(images=("example:1",))
    for kind, body in (("adapter", adapter("put")), ("tool", tool("put-tool"))):
        assert (await direct.call(f"create_{kind}", body=body)).status == 201
    before = direct.store.rows()

    for kind, body, field in _TABLE:
        _assert_refused(await direct.call(f"create_{kind}", body=body), 400, field)
        name = "put" if kind == "adapter" else "put-tool"
        put = body if field == "name" else {**body, "name": name}
        reply = await direct.call(f"replace_{kind}", name, put)
        _assert_refused(reply, 400, field)

    assert len(_TABLE) > 200
    assert direct.store.rows() == before


async def test_value_that_is_no_json_is_named() -> None:
    body = msgspec.json.encode(adapter())[:-1] + b', "replicaCount": NaN}'

    _assert_refused(await Direct().call("create_adapter", body=body), 400, "replicaCount")


@pytest.mark.parametrize(
    "raw",
    [
        b'{"x":' + b"[" * 100 + b"]" * 100 + b"}",
        b'{"inputSchema":{"type":"object","x":' + b"[" * 5000 + b"]" * 5000 + b"}}",
        b'{"description":"a\\u0000b"}',
        b'{"x-\\u0000":1}',
        b'{"x":1' + b"0" * 5000 + b"}",
        b'{"x":"' + b"y" * 204_800 + b'"}',
    ],
    ids=["deep", "deep schema", "NUL", "NUL in a name", "number of 5,001 digits", "over 200 KiB"],
)
async def test_raw_tool_that_some_reader_could_not_read_is_refused(raw: bytes) -> None:
    body = b'{"name":"one","imageName":"i","imageVersion":"1","toolDefinition":{"tool":%s}}' % raw

    _assert_refused(await Direct().call("create_tool", body=body), 400, "toolDefinition.tool")


async def test_record_that_no_store_would_take_is_refused_by_its_largest_member() -> None:
    large = {f"V{number}": "x" * 30_000 for number in range(40)}
    reply = await Direct().call("create_adapter", body=adapter(environmentVariables=large, description="y" * 30_000))
    _assert_refused(reply, 400, "environmentVariables")

    args = ["x" * 20_000] * 60
    _assert_refused(await Direct().call("create_adapter", body=adapter(args=args)), 400, "args")


@pytest.mark.parametrize("member", ["read", "call", "write"])
@pytest.mark.parametrize("entry", ["", " a", "a,b", "a\n", "x" * 257, 7, None])
async def test_entry_of_a_list_of_rights_is_named_by_its_place(member: str, entry: object) -> None:
    reply = await Direct().call("create_adapter", body=adapter(acl={member: ["good", entry]}))

    _assert_refused(reply, 400, f"acl.{member}[1]")


@pytest.mark.parametrize("count", [1, 2])
async def test_body_far_above_any_record_is_not_even_read(count: int) -> None:
    reply = await Direct().call("create_adapter", body=b"[" * (2 * 1024 * 1024) * count + b"[")

    _assert_refused(reply, 413)


async def test_white_space_is_no_part_of_a_record() -> None:
    body = msgspec.json.encode(adapter())

    assert (await Direct().call("create_adapter", body=body + b" " * 2_000_000)).status == 201


@pytest.mark.parametrize("depth", [100, 1000, 400_000])
@pytest.mark.parametrize("member", ["acl", "environmentVariables", "toolDefinition", "unknown", "name"])
async def test_nesting_of_any_depth_is_taken_or_refused_and_breaks_nothing(member: str, depth: int) -> None:
    body = msgspec.json.encode(adapter())[:-1] + b',"%s":' % member.encode()
    for inside in (b"[" * depth + b"]" * depth, b'{"a":' * depth + b"1" + b"}" * depth):
        reply = await Direct().call("create_adapter", body=body + inside + b"}")
        assert reply.status in (201, 400, 413)


@pytest.mark.parametrize("count", [49_000, 300_000])
async def test_many_members_and_entries_are_refused_by_their_number(count: int) -> None:
    for member, value in (
        ("environmentVariables", {f"V{number}": "" for number in range(count)}),
        ("requiredRoles", ["r"] * count),
        ("acl", {"read": ["r"] * count}),
        ("command", ["x"] * count),
    ):
        reply = await Direct().call("create_adapter", body={**adapter(), member: value})
        assert reply.status in (400, 413)


@pytest.mark.parametrize(
    "type", ["", "text/plain", "application/x-www-form-urlencoded", "application/json; charset=latin1", "json"]
)
async def test_content_type_other_than_json_is_unsupported(type: str) -> None:
    reply = await Direct().call("create_adapter", body=adapter(), headers={"Content-Type": type})

    _assert_refused(reply, 415, "Content-Type")


@pytest.mark.parametrize(
    "type", ["application/json", "Application/JSON; charset=UTF-8", 'application/json;charset="utf-8"']
)
async def test_json_in_utf8_is_taken_however_it_is_spelled(type: str) -> None:
    reply = await Direct().call("create_adapter", body=adapter(), headers={"Content-Type": type})

    assert reply.status == 201


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=10), inner, max_size=4),
    max_leaves=12,
)
_PATHS = [*_MEMBERS, *_ADAPTER_MEMBERS, *_TOOL_MEMBERS]


@_CALM
@given(path=st.sampled_from(_PATHS), value=_JSON)
async def test_any_value_of_any_member_is_taken_or_refused_but_never_breaks_anything(path: str, value: Any) -> None:
    kind = "tool" if path in _TOOL_MEMBERS else "adapter"
    body = _with(tool() if kind == "tool" else adapter(), path, value)

    reply = await Direct().call(f"create_{kind}", body=body, roles="mcp.admin")

    assert reply.status in (201, 400)


@_CALM
@given(body=st.binary(max_size=200))
async def test_any_bytes_are_refused(body: bytes) -> None:
    _assert_refused(await Direct().call("create_adapter", body=body), 400)
