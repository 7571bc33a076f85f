"""JSON as the service keeps it: numbers are floating point ones, and how they, or texts, were spelt is forgotten."""

import json
from typing import Any, cast

_EXACT = 2**53
MOST = 2 * 1024 * 1024  # bytes of an item


def kept(value: Any) -> Any:
    """The value as it would come back."""
    match value:
        case bool():
            return value
        case int() | float():
            number = float(value)
            return int(number) if number.is_integer() and abs(number) <= _EXACT else number
        case dict():
            return {name: kept(each) for name, each in cast("dict[str, Any]", value).items()}
        case list():
            return [kept(each) for each in cast("list[Any]", value)]
        case _:
            return value


def size(value: object) -> int:
    """Bytes that it takes."""
    return len(json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode())
