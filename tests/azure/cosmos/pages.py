"""Pages: some of the rows that a query yields, and the token with which the next ones are asked for. Tokens say all there is."""

import ast
import base64
from collections.abc import Sequence

from tests.azure.cosmos.refusal import refusal
from tests.azure.cosmos.sql.result import Row

DEFAULT = 100  # rows of a page that nobody limits


def page(rows: Sequence[Row], token: str | None, most: int) -> tuple[list[object], str | None]:
    """The rows after those of the token, and the token of the next page, if there is one. Raises Refusal 400."""
    begin = _begin(rows, token) if token else 0
    given = rows[begin : begin + most]
    left = len(rows) > begin + most
    return [value for _, value in given], _token(given[-1], begin + len(given)) if left and given else None


def _token(last: Row, number: int) -> str:
    return base64.b64encode(repr((last[0], number)).encode()).decode()


def _begin(rows: Sequence[Row], token: str) -> int:
    """After the last row given; where that is gone, after as many as were given."""
    try:
        position, number = ast.literal_eval(base64.b64decode(token).decode())
    except (ValueError, SyntaxError, TypeError):
        raise refusal(400, "Invalid Continuation Token.") from None
    places = [place for place, _ in rows]
    return places.index(position) + 1 if position in places else number - 1
