"""What an expression is for one item. Pure."""

from collections.abc import Mapping
from typing import Any

from tests.azure.cosmos.sql.functions import called
from tests.azure.cosmos.sql.syntax import (
    Array,
    Between,
    Binary,
    Call,
    Expression,
    Literal_,
    Object,
    Parameter,
    Path,
    Unary,
    Within,
)
from tests.azure.cosmos.sql.tokens import SqlError
from tests.azure.cosmos.sql.values import UNDEFINED, compared, step

type Item = Mapping[str, Any]


class Scope:
    """One item under its alias, and the query's parameters."""

    def __init__(self, alias: str, item: Item, parameters: Mapping[str, object]) -> None:
        self._alias = alias
        self._item = item
        self._parameters = parameters

    def value(self, expression: Expression) -> object:
        """Raises SqlError for names that nothing bears."""
        match expression:
            case Literal_(value):
                return value
            case Parameter(name):
                return self._parameter(name)
            case Path(alias, steps):
                return self._path(alias, steps)
            case Array(values):
                return [value for each in values if (value := self.value(each)) is not UNDEFINED]
            case Object(members):
                return {n: value for n, each in members if (value := self.value(each)) is not UNDEFINED}
            case Call(name, arguments):
                return called(name, [self.value(argument) for argument in arguments])
            case _:
                return self._condition(expression)

    def _condition(self, expression: Unary | Binary | Within | Between) -> object:
        match expression:
            case Unary(operand):
                value = self.value(operand)
                return not value if isinstance(value, bool) else UNDEFINED
            case Binary("AND" | "OR", _, _):
                return self._joined(expression)
            case Binary(sign, left, right):
                return compared(sign, self.value(left), self.value(right))
            case Within(operand, values):
                return self._within(operand, values)
            case Between(operand, least, most):
                value = self.value(operand)
                low, high = compared(">=", value, self.value(least)), compared("<=", value, self.value(most))
                return low and high if isinstance(low, bool) and isinstance(high, bool) else UNDEFINED

    def _parameter(self, name: str) -> object:
        if name not in self._parameters:
            raise SqlError(f"The parameter {name} has no value.")
        return self._parameters[name]

    def _path(self, alias: str, steps: tuple[str | int, ...]) -> object:
        if alias != self._alias:
            raise SqlError(f"Identifier '{alias}' could not be resolved.")
        value: object = self._item
        for each in steps:
            value = step(value, each)
        return value

    def _joined(self, expression: Binary) -> object:
        """Three-valued: what is undefined decides nothing."""
        decides = expression.sign == "OR"
        left, right = self.value(expression.left), self.value(expression.right)
        if left is decides or right is decides:
            return decides
        return not decides if isinstance(left, bool) and isinstance(right, bool) else UNDEFINED

    def _within(self, operand: Expression, values: tuple[Expression, ...]) -> object:
        value = self.value(operand)
        if value is UNDEFINED:
            return UNDEFINED
        return any(compared("=", value, self.value(each)) is True for each in values)
