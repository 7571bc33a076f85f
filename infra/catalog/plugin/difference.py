"""What is different between what was asked for and what is asked for now, member by member. Pure."""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Literal

import msgspec

from infra.catalog.plugin.values import UNKNOWN, Value, Values, plain

type What = Literal["add", "delete", "update"]
_PLAIN_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


class Difference(msgspec.Struct, frozen=True):
    """`changes`: what happened to each property path. `replaced`: the members that make it another thing.

    `alone`: the old thing has to go before the new one can be there, for both have, or may have, one name.
    """

    changes: dict[str, What]
    replaced: tuple[str, ...]
    alone: bool

    @property
    def members(self) -> list[str]:
        """The top-level members that differ."""
        return list(dict.fromkeys(_member(path) for path in self.changes))


def difference(
    old: Mapping[str, Value], new: Mapping[str, Value], fixed: Collection[str], ignored: Collection[str]
) -> Difference:
    """`fixed` are members that cannot change, `ignored` property paths that shall not count."""
    before, after = _opened(old), _opened(new)
    changes: dict[str, What] = {
        path: what for path, what in _compared("", before, after) if not any(within(path, one) for one in ignored)
    }
    replaced = tuple(member for member in dict.fromkeys(_member(path) for path in changes) if member in fixed)
    same = after.get("name") in (before.get("name"), UNKNOWN)
    return Difference(changes, replaced, bool(replaced) and same)


def _opened(values: Mapping[str, Value]) -> Values:
    return {name: plain(value) for name, value in values.items()}


def _compared(path: str, old: Value, new: Value) -> Iterator[tuple[str, What]]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _members(path, old, new)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _items(path, old, new)
    elif type(old) is not type(new) or old != new:  # True is 1 in Python
        yield path, "update"


def _members(path: str, old: Values, new: Values) -> Iterator[tuple[str, What]]:
    for name in dict.fromkeys([*old, *new]):
        here = _joined(path, name)
        if name not in new:
            yield here, "delete"
        elif name not in old:
            yield here, "add"
        else:
            yield from _compared(here, old[name], new[name])


def _items(path: str, old: list[Value], new: list[Value]) -> Iterator[tuple[str, What]]:
    for index in range(max(len(old), len(new))):
        here = f"{path}[{index}]"
        if index >= len(new):
            yield here, "delete"
        elif index >= len(old):
            yield here, "add"
        else:
            yield from _compared(here, old[index], new[index])


def _joined(path: str, name: str) -> str:
    """Names that are not plain ones stand in brackets, as in `environmentVariables["a.b"]`."""
    if _PLAIN_NAME.fullmatch(name):
        return f"{path}.{name}" if path else name
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'{path}["{quoted}"]'


def _member(path: str) -> str:
    return re.split(r"[.\[]", path, maxsplit=1)[0]


def within(path: str, outer: str) -> bool:
    """Whether a path is `outer`, or below it."""
    return path == outer or path.startswith((f"{outer}.", f"{outer}["))
