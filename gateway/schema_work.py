"""Work: how much a JSON Schema can make of checking a value, estimated before anything is checked. Pure.

A schema of two kilobytes can ask for more steps than a year has seconds: references that fan out at every level, the same
place looked at again by `unevaluatedProperties`, patterns that repeat repetitions. Whoever may register a tool could stop
the process that checks its calls. Counts are upper bounds: what a library would cut short is counted in full.
"""

from collections.abc import Iterator
from itertools import chain

import msgspec

from gateway.schema_graph import Graph, Node

DEEPEST = 32  # levels of a value for which the work of a recursive schema is known
STEPS = 20_000_000  # of one check: about a second
_AGAIN = 3  # `unevaluated…` looks at a place once more, and once for what it knows of that place


class Work(msgspec.Struct, frozen=True):
    """`by_depth`: the steps that a place in a value costs at most, in a value of so many levels; it never falls.

    `ends`: deeper values cost no more than the last of them; otherwise nothing is known of those.
    """

    by_depth: tuple[int, ...]
    ends: bool

    def steps(self, value: bytes, decoded: object) -> int:
        """Of checking a value, at most; more than STEPS where nothing is known."""
        places = 1 + sum(value.count(mark) for mark in (b",", b"[", b"{"))
        if self.ends and places * self.by_depth[-1] <= STEPS:
            return places * self.by_depth[-1]  # nearly all values: their depth need not be known
        depth = _depth(decoded)
        if depth >= len(self.by_depth) and not self.ends:
            return STEPS + 1
        return places * self.by_depth[min(depth, len(self.by_depth) - 1)]


def work(schema: Graph) -> Work:
    """What a schema asks for. Raises ValueError where no value could be checked with reasonable effort."""
    ordered = _ordered(schema)
    steps: list[int] = []
    above: dict[Node, int] | None = None
    level = _level(ordered, None)
    while len(steps) < DEEPEST and level != above and level[schema.root] <= STEPS:
        steps.append(max(level[schema.root], *steps[-1:]) if steps else level[schema.root])
        above, level = level, _level(ordered, level)
    if not steps:
        raise ValueError("it asks for too many steps: what is applied to one place fans out")
    settled = level == above or (len(steps) == DEEPEST and steps[-1] == steps[DEEPEST // 2])
    return Work(tuple(steps), ends=settled)


def _level(ordered: list[Node], below: dict[Node, int] | None) -> dict[Node, int]:
    """The steps of every node at a place one level further down than in `below`: at its own place, where that is None.

    An object and an array are never one place.
    """
    objects: dict[Node, int] = {}
    arrays: dict[Node, int] = {}
    for node in ordered:
        times = _AGAIN if node.looks_again else 1
        if below is None:
            objects[node] = arrays[node] = 1
        else:
            named = max((below[child] for child in node.named), default=0)
            objects[node] = named + sum(below[child] for child in node.members)
            arrays[node] = sum(below[child] for child in node.items)
        objects[node] += times * sum(objects[other] for other in node.here)
        arrays[node] += times * sum(arrays[other] for other in node.here)
    return {node: max(objects[node], arrays[node]) for node in ordered}


def _ordered(found: Graph) -> list[Node]:
    """Every node after those that are applied at the same place. Raises ValueError for one that leads to itself there."""
    done: set[Node] = set()
    open: set[Node] = set()
    ordered: list[Node] = []
    for start in found.nodes:
        stack: list[tuple[Node, Iterator[Node]]] = [(start, iter(start.here))] if start not in done else []
        open.update(node for node, _ in stack)
        while stack:
            node, rest = stack[-1]
            following = next((other for other in rest if other not in done), None)
            if following is None:
                stack.pop()
                open.discard(node)
                done.add(node)
                ordered.append(node)
            elif following in open:
                raise ValueError("it refers to itself without going down into the value: no check would end")
            else:
                open.add(following)
                stack.append((following, iter(following.here)))
    return ordered


def _depth(value: object) -> int:
    """The levels of arrays and objects."""
    depth, level = 0, [value]
    while level := list(chain.from_iterable(map(_inside, level))):
        depth += 1
    return depth


def _inside(value: object) -> list[object]:
    if isinstance(value, dict):
        members: dict[str, object] = value  # pyright: ignore[reportUnknownVariableType] - JSON objects have string keys
        return list(members.values())
    return value if isinstance(value, list) else []  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
