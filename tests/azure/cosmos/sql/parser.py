"""A whole query: SELECT … FROM … WHERE … ORDER BY … OFFSET … LIMIT …."""

from tests.azure.cosmos.sql.expressions import Words
from tests.azure.cosmos.sql.syntax import Expression, Order, Path, Query, Selected
from tests.azure.cosmos.sql.tokens import SqlError, tokens


def parse(text: str) -> Query:
    """The query, read. Raises SqlError, also for what the real service would understand and this one does not."""
    words = Words(text, tokens(text))
    words.expect("SELECT")
    distinct = words.accept("DISTINCT")
    top = words.expression() if words.accept("TOP") else None
    columns, value, value_text = _selected(words)
    alias = _source(words)
    where, where_text = _where(words)
    orders, orders_text = _orders(words)
    offset, limit = _window(words)
    if words.next.kind != "end":
        raise SqlError(f"Syntax error, incorrect syntax near '{words.next.text}'.")
    return Query(
        alias=alias,
        columns=columns,
        value=value,
        value_text=value_text,
        distinct=distinct,
        top=top,
        where=where,
        where_text=where_text,
        orders=orders,
        orders_text=orders_text,
        offset=offset,
        limit=limit,
    )


def _selected(words: Words) -> tuple[tuple[Selected, ...], Expression | None, str]:
    if words.accept("*"):
        return (), None, ""
    if words.accept("VALUE"):
        start = words.next.start
        value = words.expression()
        return (), value, words.text_from(start)
    columns = [_column(words, 1)]
    while words.accept(","):
        columns.append(_column(words, len(columns) + 1))
    return tuple(columns), None, ""


def _column(words: Words, number: int) -> Selected:
    expression = words.expression()
    if words.accept("AS"):
        return Selected(expression, words.name())
    if isinstance(expression, Path):
        return Selected(expression, str(expression.steps[-1] if expression.steps else expression.alias))
    return Selected(expression, f"${number}")


def _source(words: Words) -> str:
    words.expect("FROM")
    source = words.name()
    if words.accept("AS"):
        return words.name()
    return words.name() if words.next.kind == "name" and not words.next.spells("WHERE", "ORDER", "OFFSET") else source


def _where(words: Words) -> tuple[Expression | None, str]:
    if not words.accept("WHERE"):
        return None, ""
    start = words.next.start
    return words.expression(), words.text_from(start)


def _orders(words: Words) -> tuple[tuple[Order, ...], str]:
    if not words.accept("ORDER"):
        return (), ""
    words.expect("BY")
    begin = words.next.start
    orders: list[Order] = []
    while not orders or words.accept(","):
        start = words.next.start
        expression = words.expression()
        text = words.text_from(start)
        descends = words.accept("DESC")
        if not descends:
            words.accept("ASC")
        orders.append(Order(expression, text, "Descending" if descends else "Ascending"))
    return tuple(orders), words.text_from(begin)


def _window(words: Words) -> tuple[Expression | None, Expression | None]:
    if not words.accept("OFFSET"):
        return None, None
    offset = words.expression()
    words.expect("LIMIT")
    return offset, words.expression()
