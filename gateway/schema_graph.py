"""Graph: the subschemas of a JSON Schema, and which of them lead to which: at the same place of a value, or one level below.

Pure; knows keywords, no values. References that stay within the schema are followed; where one may mean several
subschemas (embedded `$id`, `$dynamicRef`), it leads to all of them.
"""

from collections.abc import Iterator
from urllib.parse import unquote

import msgspec

_HERE_LISTS = ("allOf", "anyOf", "oneOf")
_HERE = ("not", "if", "then", "else")
_HERE_MAPS = ("dependentSchemas", "dependencies")
_MEMBERS = ("additionalProperties", "unevaluatedProperties", "propertyNames")
_ITEMS = ("items", "additionalItems", "unevaluatedItems", "contains")
_ITEM_LISTS = ("prefixItems", "items")  # `items` was a list before 2020-12
_DEFINITIONS = ("$defs", "definitions")
_REFERENCES = ("$ref", "$dynamicRef", "$recursiveRef")
_AGAIN = ("unevaluatedProperties", "unevaluatedItems")

type Members = dict[str, object]


class Node(msgspec.Struct, eq=False):
    """One subschema. `here`: those applied to the same place; `named`: to one member each; `members`, `items`: to any."""

    schema: Members
    here: list["Node"] = []
    named: list["Node"] = []
    members: list["Node"] = []
    items: list["Node"] = []
    looks_again: bool = False


class Graph(msgspec.Struct, frozen=True):
    """All subschemas; `patterns` are the regular expressions in them; `chooses`: one of several may apply somewhere."""

    root: Node
    nodes: list[Node]
    patterns: list[str]
    chooses: bool


def graph(schema: Members, most: int) -> Graph:
    """The graph of a schema. Raises ValueError where it has more than `most` subschemas."""
    made = _Making(most)
    root = made.node(schema)
    made.everything()
    nodes = list(made.nodes.values())
    return Graph(root, nodes, made.patterns, any("anyOf" in it.schema or "oneOf" in it.schema for it in nodes))


class _Making:
    """One graph in the making."""

    def __init__(self, most: int) -> None:
        self.nodes: dict[int, Node] = {}  # by the identity of the subschema: each stands once in what was decoded
        self.patterns: list[str] = []
        self._most = most
        self._due: list[Node] = []
        self._roots: list[Members] = []
        self._anchors: dict[str, list[Members]] = {}

    def node(self, schema: Members) -> Node:
        """The node of a subschema."""
        found = self.nodes.get(id(schema))
        if found is None:
            if len(self.nodes) >= self._most:
                raise ValueError(f"it has more than {self._most:,} subschemas")
            found = self.nodes[id(schema)] = Node(schema)
            self._due.append(found)
        return found

    def everything(self) -> None:
        """Fills in all nodes: what they hold first, then what they refer to, for that may stand anywhere."""
        self._roots.append(self._due[0].schema)
        pending = self._filled()
        while pending:  # a reference may lead to what is no keyword's subschema, and from there on
            node = pending.pop()
            for keyword in _REFERENCES:
                reference = node.schema.get(keyword)
                if isinstance(reference, str):
                    node.here += [self.node(target) for target in self._targets(reference)]
            pending += self._filled()

    def _filled(self) -> list[Node]:
        """What was due, and is filled in now."""
        filled: list[Node] = []
        while self._due:
            filled.append(self._due.pop())
            self._fill(filled[-1])
        return filled

    def _fill(self, node: Node) -> None:
        schema = node.schema
        for keyword, value in schema.items():
            if keyword in ("$anchor", "$dynamicAnchor") and isinstance(value, str):
                self._anchors.setdefault(value, []).append(schema)
        if isinstance(schema.get("$id", schema.get("id")), str):
            self._roots.append(schema)
        if isinstance(pattern := schema.get("pattern"), str):
            self.patterns.append(pattern)
        node.looks_again = any(keyword in schema for keyword in _AGAIN)
        node.here = [self.node(it) for it in (*_of(schema, _HERE), *_lists(schema, _HERE_LISTS))]
        node.here += [self.node(it) for it in _maps(schema, _HERE_MAPS)]
        node.named = [self.node(it) for it in _maps(schema, ("properties",))]
        node.members = [self.node(it) for it in (*_of(schema, _MEMBERS), *_maps(schema, ("patternProperties",)))]
        node.items = [self.node(it) for it in (*_of(schema, _ITEMS), *_lists(schema, _ITEM_LISTS))]
        self.patterns += _members(schema.get("patternProperties"))
        for definition in _maps(schema, _DEFINITIONS):
            self.node(definition)

    def _targets(self, reference: str) -> list[Members]:
        """The subschemas that a reference may mean; none where it means a known dialect's own schema."""
        base, _, fragment = reference.partition("#")
        name = unquote(fragment)
        if name and not name.startswith("/"):
            return self._anchors.get(name, [])
        roots = [root for root in self._roots if not base or _is_called(root, base)]
        return [found for root in roots if (found := _at(root, name)) is not None]


def _is_called(root: Members, base: str) -> bool:
    """Whether a relative or absolute name may mean this root: by its last part, for resolving is the library's."""
    id = str(root.get("$id", root.get("id", ""))).rstrip("#")
    return id.rpartition("/")[2] == base.rpartition("/")[2]


def _at(root: object, pointer: str) -> Members | None:
    """What stands at a JSON pointer (RFC 6901), if it is a schema that holds anything."""
    here = root
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(here, list):
            items: list[object] = here  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
            here = items[int(key)] if key.isdecimal() and int(key) < len(items) else None
        else:
            here = _members(here).get(key)
    return _members(here) or None


def _members(value: object) -> Members:
    return value if isinstance(value, dict) else {}  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys


def _is_schema(value: object) -> bool:
    return isinstance(value, dict)  # `true` and `false` are schemas too, and no work


def _schemas(values: object) -> Iterator[Members]:
    if isinstance(values, list):
        items: list[object] = values  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
        yield from (_members(value) for value in items if _is_schema(value))


def _of(schema: Members, keywords: tuple[str, ...]) -> Iterator[Members]:
    yield from (_members(schema[keyword]) for keyword in keywords if isinstance(schema.get(keyword), dict))


def _lists(schema: Members, keywords: tuple[str, ...]) -> Iterator[Members]:
    for keyword in keywords:
        yield from _schemas(schema.get(keyword))


def _maps(schema: Members, keywords: tuple[str, ...]) -> Iterator[Members]:
    for keyword in keywords:
        yield from _schemas(list(_members(schema.get(keyword)).values()))
