"""A query carried out over some items: what it yields, and in which order. Paging is `pages`'s."""

from collections.abc import Iterable, Mapping
from typing import Any

from tests.azure.cosmos.sql.evaluate import Item, Scope
from tests.azure.cosmos.sql.plan import number
from tests.azure.cosmos.sql.syntax import AGGREGATES, Array, Call, Expression, Object, Query
from tests.azure.cosmos.sql.values import UNDEFINED, key

type Row = tuple[tuple[Any, ...], object]  # its place in the order, and what it is


def rows(query: Query, items: Iterable[tuple[str, Item]], parameters: Mapping[str, object]) -> list[Row]:
    """What the query yields, in its order, for items with the texts that tell them apart. Raises SqlError."""
    scopes = [(place, Scope(query.alias, item, parameters), item) for place, item in items]
    kept = [each for each in scopes if query.where is None or each[1].value(query.where) is True]
    if call := _aggregated(query):
        value = _aggregate(call, [scope for _, scope, _ in kept])
        return [((), _wrapped(query, value))]
    for place in reversed(query.orders):
        kept.sort(key=lambda each: key(each[1].value(place.expression)), reverse=place.direction == "Descending")
    found = [((_keys(query, scope), place), _projected(query, scope, item)) for place, scope, item in kept]
    found = [row for row in found if row[1] is not UNDEFINED]
    return _windowed(query, _distinct(found) if query.distinct else found, parameters)


def _keys(query: Query, scope: Scope) -> tuple[Any, ...]:
    return tuple(key(scope.value(order.expression)) for order in query.orders)


def _projected(query: Query, scope: Scope, item: Item) -> object:
    if query.value is not None:
        return scope.value(query.value)
    if not query.columns:
        return item
    values = {column.name: scope.value(column.expression) for column in query.columns}
    return {name: value for name, value in values.items() if value is not UNDEFINED}


def _distinct(found: list[Row]) -> list[Row]:
    seen: list[object] = []
    kept: list[Row] = []
    for row in found:
        if row[1] not in seen:
            seen.append(row[1])
            kept.append(row)
    return kept


def _windowed(query: Query, found: list[Row], parameters: Mapping[str, object]) -> list[Row]:
    top, offset, limit = (number(each, parameters) for each in (query.top, query.offset, query.limit))
    begin = offset or 0
    most = top if limit is None else limit
    return found[begin:] if most is None else found[begin : begin + most]


def _aggregated(query: Query) -> Call | None:
    """The aggregate, bare or as a plan's rewritten query wraps it: `VALUE [{"item": COUNT(1)}]`."""
    match query.value:
        case Array((Object((("item", Call(name, _) as call),)),)) if name in AGGREGATES:
            return call
        case _:
            return query.aggregate


def _wrapped(query: Query, value: object) -> object:
    if query.aggregate:
        return value
    return [{} if value is UNDEFINED else {"item": value}]


def _aggregate(call: Call, scopes: list[Scope]) -> object:
    operand: Expression = call.arguments[0]
    values = [value for scope in scopes if (value := scope.value(operand)) is not UNDEFINED]
    if call.name == "COUNT":
        return len(values)
    if call.name == "SUM":
        numbers = [value for value in values if isinstance(value, int | float) and not isinstance(value, bool)]
        return sum(numbers) if len(numbers) == len(values) else UNDEFINED
    return (min if call.name == "MIN" else max)(values, key=key) if values else UNDEFINED
