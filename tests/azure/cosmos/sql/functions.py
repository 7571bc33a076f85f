"""Functions of one item's values. Aggregates are `result`'s."""

from collections.abc import Callable
from typing import cast

from tests.azure.cosmos.sql.tokens import SqlError
from tests.azure.cosmos.sql.values import UNDEFINED, compared, rank


def called(name: str, arguments: list[object]) -> object:
    """What the function makes of them. Raises SqlError for one that is not known here."""
    if name == "IS_DEFINED":
        return arguments[0] is not UNDEFINED
    if name not in _OF_TEXTS and name not in _OF_ANY:
        raise SqlError(f"'{name}' is not a recognized built-in function name.")
    if any(argument is UNDEFINED for argument in arguments):
        return UNDEFINED
    if name in _OF_ANY:
        return _OF_ANY[name](arguments)
    texts = [argument for argument in arguments if isinstance(argument, str)]
    return _OF_TEXTS[name](texts) if len(texts) == len(arguments) else UNDEFINED


def _contains(arguments: list[object]) -> object:
    values, wanted = arguments
    if not isinstance(values, list):
        return UNDEFINED
    return any(compared("=", value, wanted) is True for value in cast("list[object]", values))


def _length(arguments: list[object]) -> object:
    values = arguments[0]
    return len(cast("list[object]", values)) if isinstance(values, list) else UNDEFINED


_OF_TEXTS: dict[str, Callable[[list[str]], object]] = {
    "CONTAINS": lambda texts: texts[1] in texts[0],
    "STARTSWITH": lambda texts: texts[0].startswith(texts[1]),
    "ENDSWITH": lambda texts: texts[0].endswith(texts[1]),
    "LOWER": lambda texts: texts[0].lower(),
    "UPPER": lambda texts: texts[0].upper(),
    "LENGTH": lambda texts: len(texts[0]),
}
_OF_ANY: dict[str, Callable[[list[object]], object]] = {
    "ARRAY_CONTAINS": _contains,
    "ARRAY_LENGTH": _length,
    "IS_NULL": lambda values: values[0] is None,
    "IS_STRING": lambda values: rank(values[0]) == 4,
    "IS_NUMBER": lambda values: rank(values[0]) == 3,
    "IS_BOOL": lambda values: rank(values[0]) == 2,
}
