"""What a query is made of, once it is read. Shapes only."""

from typing import Literal

import msgspec

type Expression = Literal_ | Parameter | Path | Call | Unary | Binary | Within | Between | Object | Array


class Literal_(msgspec.Struct, frozen=True):  # noqa: N801 (the name is taken)
    """A number, a text, true, false, null or undefined."""

    value: object


class Parameter(msgspec.Struct, frozen=True):
    """`@name`."""

    name: str


class Path(msgspec.Struct, frozen=True):
    """`c.a["b"][0]`: the alias, and the steps from there."""

    alias: str
    steps: tuple[str | int, ...] = ()


class Call(msgspec.Struct, frozen=True):
    """A function; its name is in upper case."""

    name: str
    arguments: tuple[Expression, ...]


class Unary(msgspec.Struct, frozen=True):
    """`NOT x`."""

    operand: Expression


class Binary(msgspec.Struct, frozen=True):
    """A comparison, AND, OR."""

    sign: str
    left: Expression
    right: Expression


class Within(msgspec.Struct, frozen=True):
    """`x IN (…)`."""

    operand: Expression
    values: tuple[Expression, ...]


class Between(msgspec.Struct, frozen=True):
    """`x BETWEEN a AND b`."""

    operand: Expression
    least: Expression
    most: Expression


class Object(msgspec.Struct, frozen=True):
    """`{"a": x}`."""

    members: tuple[tuple[str, Expression], ...]


class Array(msgspec.Struct, frozen=True):
    """`[x, y]`."""

    values: tuple[Expression, ...]


class Selected(msgspec.Struct, frozen=True):
    """One column: `name` is what it is called in the result."""

    expression: Expression
    name: str


class Order(msgspec.Struct, frozen=True):
    """One key of ORDER BY; `text` is as it was written."""

    expression: Expression
    text: str
    direction: Literal["Ascending", "Descending"] = "Ascending"


class Query(msgspec.Struct, frozen=True, kw_only=True):
    """`columns` is empty for `*`; `value` for VALUE. `where_text` and the orders' texts are as they were written."""

    alias: str
    columns: tuple[Selected, ...] = ()
    value: Expression | None = None
    value_text: str = ""
    distinct: bool = False
    top: Expression | None = None
    where: Expression | None = None
    where_text: str = ""
    orders: tuple[Order, ...] = ()
    orders_text: str = ""
    offset: Expression | None = None
    limit: Expression | None = None

    @property
    def aggregate(self) -> Call | None:
        """The aggregate function that VALUE names, if it does."""
        return self.value if isinstance(self.value, Call) and self.value.name in AGGREGATES else None


AGGREGATES = {"COUNT": "Count", "SUM": "Sum", "MIN": "Min", "MAX": "Max"}  # and what plans call them
