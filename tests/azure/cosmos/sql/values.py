"""Values as the query language has them: with one that is undefined, and no order between different types.

https://learn.microsoft.com/cosmos-db/query/constants. Texts are ordered by their bytes.
"""

from typing import Any, Final, cast


class _Undefined:
    """What a member that is not there is."""

    def __repr__(self) -> str:
        return "undefined"


UNDEFINED: Final = _Undefined()


def rank(value: object) -> int:
    """The place of a value's type in an order: undefined, null, booleans, numbers, texts, all else."""
    match value:
        case _Undefined():
            return 0
        case None:
            return 1
        case bool():
            return 2
        case int() | float():
            return 3
        case str():
            return 4
        case _:
            return 5


def key(value: object) -> tuple[Any, ...]:
    """By which values of any type are sorted."""
    match value:
        case _Undefined() | None:
            return (rank(value),)
        case str():
            return (rank(value), value.encode())
        case bool() | int() | float():
            return (rank(value), value)
        case _:
            return (rank(value), str(value))


def compared(sign: str, left: object, right: object) -> object:
    """A comparison; undefined where there is none between these: values of two types are just not equal."""
    if rank(left) == 0 or rank(right) == 0:
        return UNDEFINED
    if sign in ("=", "!="):
        return (rank(left) == rank(right) and left == right) is (sign == "=")
    if rank(left) != rank(right) or rank(left) not in (2, 3, 4):
        return UNDEFINED
    one, two = key(left), key(right)
    return {"<": one < two, "<=": one <= two, ">": one > two, ">=": one >= two}[sign]


def step(value: object, name: str | int) -> object:
    """The member, or the element; undefined where there is none."""
    if isinstance(value, dict) and isinstance(name, str):
        return cast("dict[str, object]", value).get(name, UNDEFINED)
    if isinstance(value, list) and isinstance(name, int):
        values = cast("list[object]", value)
        return values[name] if 0 <= name < len(values) else UNDEFINED
    return UNDEFINED
