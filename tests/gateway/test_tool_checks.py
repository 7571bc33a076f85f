"""What a definition asks for, compiled once and for exactly that definition."""

import msgspec
import pytest
from msgspec import UNSET, Raw

from gateway.card import Card
from gateway.tool_checks import ToolChecks


def _card(tool: bytes | None, name: str = "a", generation: int = 1) -> Card:
    made = Card(kind="tool", name=name, uid="u", generation=generation, created_by="x")
    made.tool = UNSET if tool is None else Raw(tool)
    return made


NUMBER = b'{"inputSchema":{"type":"object","properties":{"n":{"type":"integer"}}}}'
TEXT = b'{"inputSchema":{"type":"object","properties":{"n":{"type":"string"}}}}'


def test_definition_is_compiled_once() -> None:
    checks = ToolChecks()

    assert checks.of(_card(NUMBER)) is checks.of(_card(NUMBER, generation=2))


def test_changed_definition_is_compiled_anew() -> None:
    checks = ToolChecks()
    before = checks.of(_card(NUMBER))
    after = checks.of(_card(TEXT))

    assert (before.arguments(b'{"n":1}'), before.arguments(b'{"n":"x"}') is None) == (None, False)
    assert (after.arguments(b'{"n":1}') is None, after.arguments(b'{"n":"x"}')) == (False, None)


def test_namesakes_definitions_are_kept_apart() -> None:
    checks = ToolChecks()

    assert checks.of(_card(NUMBER, "a")).arguments(b'{"n":"x"}')
    assert checks.of(_card(TEXT, "b")).arguments(b'{"n":"x"}') is None
    assert checks.of(_card(NUMBER, "a")).arguments(b'{"n":"x"}')


def test_forgotten_name_takes_no_memory() -> None:
    checks = ToolChecks()
    for at in range(10):
        checks.of(_card(NUMBER, f"t{at}"))
        checks.forget(f"t{at}")
    checks.forget("never-there")

    assert checks._known == {}  # pyright: ignore[reportPrivateUsage] - what is left is not to be seen otherwise


@pytest.mark.parametrize("tool", [None, b"{}", b'{"name":"a"}'])
def test_definition_without_a_schema_takes_any_arguments(tool: bytes | None) -> None:
    found = ToolChecks().of(_card(tool))

    assert found.arguments(b'{"x":[]}') is None
    assert (found.reply, found.mirrors) == (None, ())


def test_reply_is_checked_only_where_there_is_an_output_schema() -> None:
    found = ToolChecks().of(
        _card(b'{"inputSchema":{"type":"object"},"outputSchema":{"type":"object","required":["x"]}}')
    )

    assert found.reply is not None
    assert found.reply(b'{"x":1}') is None
    assert found.reply(b"{}")
    assert found.reply(b"[]")
    with pytest.raises(msgspec.DecodeError):
        found.reply(b"no JSON")


@pytest.mark.parametrize(
    "schema",
    [
        b'{"type":"string"}',
        b"null",
        b"5",
        b'{"type":"object","properties":5}',
        b'{"type":"object","$ref":"https://example.com/x"}',
        b'{"type":"object","$schema":"https://example.com/x"}',
        b'{"type":"object","properties":{"a":{"pattern":"("}}}',
        b'{"type":"object","maximum":1e400}',
        b'{"type":"object","not":' * 3_000 + b"{}" + b"}" * 3_000,
    ],
    ids=range(9),
)
def test_schema_that_cannot_be_used_refuses_every_call_in_words(schema: bytes) -> None:
    """An older release may have registered it: what is wrong is told to whoever calls, and nothing breaks."""
    found = ToolChecks().of(_card(b'{"inputSchema":%b,"outputSchema":%b}' % (schema, schema)))

    for check in (found.arguments, found.reply):
        assert check is not None
        assert (check(b"{}") or "").startswith("the tool's schema cannot be used: ")


def test_mirrors_that_cannot_be_are_none() -> None:
    """Clients that follow the specification do not know such a tool."""
    twice = b'{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"A"},"b":{"type":"string","x-mcp-header":"a"}}}'
    found = ToolChecks().of(_card(b'{"inputSchema":%b}' % twice))

    assert found.mirrors == ()
    assert found.arguments(b'{"a":"x"}') is None
    huge = b'{"type":"object","maximum":1e400,"properties":{"a":{"type":"string","x-mcp-header":"A"}}}'
    assert ToolChecks().of(_card(b'{"inputSchema":%b}' % huge)).mirrors == ()


def test_mirrors_are_found() -> None:
    schema = b'{"type":"object","properties":{"a":{"type":"string","x-mcp-header":"Region"}}}'
    (mirror,) = ToolChecks().of(_card(b'{"inputSchema":%b}' % schema)).mirrors

    assert (mirror.path, mirror.token, mirror.type, mirror.header) == (("a",), "Region", "string", "mcp-param-region")
