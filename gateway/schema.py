"""JSON Schema: is this a schema, does this value fit it. Never fetches: a reference to anywhere else is refused."""

from collections.abc import Callable

import jsonschema_rs
import msgspec

from gateway.errors import Invalid
from gateway.schema_graph import Graph, graph
from gateway.schema_work import STEPS, Work, work

SUBSCHEMAS = 5_000
PATTERNS = 100
_EXPLAINED = 10_000  # steps up to which every choice that failed may be collected: each costs far more than its check
_LONGEST = 500  # characters of a message
_TOO_MUCH = "it is too large, or too deep, to be checked against the schema"

# Linear in the length of a text where the pattern allows it; bounded where it looks around or back. Sizes in bytes.
_REGEX = jsonschema_rs.FancyRegexOptions(backtrack_limit=100_000, size_limit=1 << 20, dfa_size_limit=1 << 20)

type Check = Callable[[bytes], str | None]

# Checked before the library sees the schema: its meta-schema check would fetch a dialect it does not know.
_DIALECTS = frozenset(
    {
        "https://json-schema.org/draft/2020-12/schema",
        "https://json-schema.org/draft/2019-09/schema",
        "http://json-schema.org/draft-07/schema",
        "http://json-schema.org/draft-06/schema",
        "http://json-schema.org/draft-04/schema",
    }
)


def compiled(schema: bytes) -> Check:
    """A check of JSON texts against `schema` (2020-12 unless `$schema` says otherwise).

    The check returns None where the value fits, else one sentence that says where and why it does not.
    It raises msgspec.DecodeError for what is not JSON.
    Raises ValueError where `schema` is not a schema of an object, refers to anything outside itself, or asks for more work
    than one call may make.
    """
    members = _members(schema)
    found, effort = _effort(members)
    try:
        jsonschema_rs.meta.validate(members)
        validator = jsonschema_rs.validator_for(members, retriever=_refuse, pattern_options=_REGEX)
    except jsonschema_rs.ValidationError as error:
        raise ValueError(_where(error)) from None
    except jsonschema_rs.ReferencingError as error:
        raise ValueError(f"{error}") from None

    def check(value: bytes) -> str | None:
        try:
            decoded = msgspec.json.decode(value)
            steps = effort.steps(value, decoded)
            if steps > STEPS:
                return _TOO_MUCH
            if found.chooses and steps > _EXPLAINED:
                return None if validator.is_valid(decoded) else "it does not fit the schema"
            validator.validate(decoded)  # the first error only: a body can hold a million
        except jsonschema_rs.ValidationError as error:
            return _where(error)
        except msgspec.ValidationError as error:  # JSON, but of a number that no program here can hold
            return str(error).partition(" - at ")[0].lower()
        except RecursionError:
            return "nested too deeply"
        return None

    return check


def refuse_bad_schema(schema: bytes, field: str) -> None:
    """Raises Invalid naming `field` unless `schema` is a self-contained JSON Schema of an object."""
    try:
        compiled(schema)
    except ValueError as error:
        raise Invalid(f"{field}: {error}.", field=field) from None


def _effort(members: dict[str, object]) -> tuple[Graph, Work]:
    """What checking costs. Looked at before the library sees the schema: to compile it can cost as much."""
    found = graph(members, SUBSCHEMAS)
    if len(found.patterns) > PATTERNS:
        raise ValueError(f"it has more than {PATTERNS} patterns")
    for pattern in found.patterns:
        try:
            jsonschema_rs.validator_for({"pattern": pattern}, pattern_options=_REGEX)
        except jsonschema_rs.ValidationError:
            raise ValueError(f"`{pattern[:100]}` is no regular expression, or too large a one") from None
    return found, work(found)


def _members(schema: bytes) -> dict[str, object]:
    try:
        members = msgspec.json.decode(schema, type=dict[str, object])
    except msgspec.ValidationError:
        raise ValueError("a schema of arguments is an object") from None
    if members.get("type") != "object":
        raise ValueError('it must say "type": "object"')
    for dialect in _dialects(members):
        if not isinstance(dialect, str) or dialect.rstrip("#") not in _DIALECTS:
            raise ValueError(f"`$schema`: {dialect!r} is not a known dialect, and nothing is fetched")
    return members


def _dialects(node: object) -> list[object]:
    """Every `$schema` at any depth, as embedded schemas may name their own. A property of that name is no dialect,
    but nobody will miss it."""
    if isinstance(node, dict):
        members: dict[str, object] = node  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        here = [members["$schema"]] if "$schema" in members else []
        return here + [found for value in members.values() for found in _dialects(value)]
    if isinstance(node, list):
        items: list[object] = node  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
        return [found for value in items for found in _dialects(value)]
    return []


def _refuse(uri: str) -> None:
    raise ValueError(f"`{uri}` is outside the schema, and nothing is fetched")


def _where(error: jsonschema_rs.ValidationError) -> str:
    path = ".".join(str(part) for part in error.instance_path)
    where = f"{path}: {error.message}" if path else error.message
    return where if len(where) <= _LONGEST else f"{where[:_LONGEST]}…"  # messages quote the value that is wrong
