"""What the service's gateway tells an SDK about a query that it does not carry out itself, so that the SDK merges partitions.

The gateway answers a query over partitions that wants an order, a window or an aggregate with 400/1004; the SDK then asks
for this plan, sends the rewritten query to each partition, and puts the answers together.
"""

from collections.abc import Mapping
from typing import Any

from tests.azure.cosmos.sql.evaluate import Scope
from tests.azure.cosmos.sql.syntax import AGGREGATES, Expression, Query
from tests.azure.cosmos.sql.tokens import SqlError

_EVERYWHERE = {"min": "", "max": "FF", "isMinInclusive": True, "isMaxInclusive": False}
_FILTER = "{documentdb-formattableorderbyquery-filter}"


def needs_plan(query: Query) -> bool:
    """Whether partitions cannot answer it one after the other."""
    return bool(query.orders or query.top or query.offset or query.distinct or query.aggregate)


def plan(query: Query, parameters: Mapping[str, object]) -> dict[str, Any]:
    """The document. Raises SqlError for what this plan cannot say."""
    if query.distinct:
        raise SqlError("DISTINCT over several partitions is not modelled here.")
    offset, limit = number(query.offset, parameters), number(query.limit, parameters)
    info: dict[str, Any] = {
        "distinctType": "None",
        "top": number(query.top, parameters),
        "offset": offset,
        "limit": limit,
        "orderBy": [order.direction for order in query.orders],
        "orderByExpressions": [order.text for order in query.orders],
        "groupByExpressions": [],
        "groupByAliases": [],
        "aggregates": [AGGREGATES[query.aggregate.name]] if query.aggregate else [],
        "groupByAliasToAggregateType": {},
        "rewrittenQuery": _rewritten(query, None if limit is None else (offset or 0) + limit, parameters),
        "hasSelectValue": query.value is not None,
        "hasNonStreamingOrderBy": False,
    }
    return {"partitionedQueryExecutionInfoVersion": 2, "queryInfo": info, "queryRanges": [_EVERYWHERE]}


def number(expression: Expression | None, parameters: Mapping[str, object]) -> int | None:
    """TOP, OFFSET or LIMIT: a number, or a parameter. Raises SqlError."""
    if expression is None:
        return None
    value = Scope("", {}, parameters).value(expression)
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise SqlError("TOP, OFFSET and LIMIT take whole numbers.")
    return value


def _rewritten(query: Query, most: int | None, parameters: Mapping[str, object]) -> str:
    """For one partition; blank where the query can stay as it is."""
    alias, where = query.alias, f" WHERE {query.where_text}" if query.where_text else ""
    if query.aggregate:
        return f'SELECT VALUE [{{"item": {query.value_text}}}] FROM {alias}{where}'
    window = "" if most is None else f" OFFSET 0 LIMIT {most}"
    top = "" if query.top is None else f"TOP {number(query.top, parameters)} "
    if not query.orders:
        columns = "*" if not query.columns and query.value is None else None
        if columns is None and query.value is None:
            return ""
        return f"SELECT {top}{columns or f'VALUE {query.value_text}'} FROM {alias}{where}{window}"
    items = ", ".join(f'{{"item": {order.text}}}' for order in query.orders)
    payload = _payload(query)
    condition = f" WHERE ({query.where_text}) AND ({_FILTER})" if query.where_text else f" WHERE ({_FILTER})"
    selected = f"{top}{alias}._rid, [{items}] AS orderByItems, {payload} AS payload"
    return f"SELECT {selected} FROM {alias}{condition} ORDER BY {query.orders_text}{window}"


def _payload(query: Query) -> str:
    if query.columns:
        raise SqlError("Columns with an order over several partitions are not modelled here.")
    return query.value_text or query.alias
