"""Expressions, read by descent: OR, AND, NOT, comparisons, and what stands between them."""

import json

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
from tests.azure.cosmos.sql.tokens import SqlError, Token
from tests.azure.cosmos.sql.values import UNDEFINED

_COMPARISONS = ("=", "!=", "<>", "<", "<=", ">", ">=")
_CONSTANTS: dict[str, object] = {"TRUE": True, "FALSE": False, "NULL": None, "UNDEFINED": UNDEFINED}


class Words:
    """The words that are left, and what can be read from them. Every verb raises SqlError."""

    def __init__(self, query: str, words: list[Token]) -> None:
        self._query = query
        self._words = words
        self._at = 0

    @property
    def next(self) -> Token:
        """The next word, which stays."""
        return self._words[self._at]

    def take(self) -> Token:
        """The next word."""
        self._at += 1
        return self._words[self._at - 1]

    def accept(self, *words: str) -> bool:
        """Takes the next word if it is one of these."""
        found = self.next.spells(*words)
        self._at += found
        return found

    def expect(self, *words: str) -> None:
        """Takes these, one after the other."""
        for word in words:
            if not self.accept(word):
                raise SqlError(f"Syntax error, incorrect syntax near '{self.next.text}': expected {word}.")

    def name(self) -> str:
        """A name."""
        if self.next.kind != "name":
            raise SqlError(f"Syntax error, incorrect syntax near '{self.next.text}': expected a name.")
        return self.take().text

    def text_from(self, start: int) -> str:
        """The query's own text, from there to the last word taken."""
        return self._query[start : self._words[self._at - 1].end]

    def expression(self) -> Expression:
        """Whatever has a value."""
        left = self._conjunction()
        while self.accept("OR"):
            left = Binary("OR", left, self._conjunction())
        return left

    def _conjunction(self) -> Expression:
        left = self._negation()
        while self.accept("AND"):
            left = Binary("AND", left, self._negation())
        return left

    def _negation(self) -> Expression:
        return Unary(self._negation()) if self.accept("NOT") else self._comparison()

    def _comparison(self) -> Expression:
        left = self._primary()
        if self.next.spells(*_COMPARISONS):
            return Binary(self.take().text.replace("<>", "!="), left, self._primary())
        if self.accept("BETWEEN"):
            least = self._primary()
            self.expect("AND")
            return Between(left, least, self._primary())
        negated = self.accept("NOT")
        if self.accept("IN"):
            self.expect("(")
            found = Within(left, self._listed(")"))
            return Unary(found) if negated else found
        if negated:
            raise SqlError("Syntax error: expected IN after NOT.")
        return left

    def _primary(self) -> Expression:
        word = self.take()
        match word.kind, word.text:
            case "number", text:
                return Literal_(json.loads(text))
            case "string", text:
                return Literal_(_unquoted(text))
            case "parameter", text:
                return Parameter(text)
            case "sign", "(":
                inner = self.expression()
                self.expect(")")
                return inner
            case "sign", "[":
                return Array(self._listed("]"))
            case "sign", "{":
                return self._object()
            case "name", text if text.upper() in _CONSTANTS:
                return Literal_(_CONSTANTS[text.upper()])
            case "name", text if self.accept("("):
                return Call(text.upper(), self._listed(")"))
            case "name", text:
                return Path(text, self._steps())
            case _:
                raise SqlError(f"Syntax error, incorrect syntax near '{word.text}'.")

    def _steps(self) -> tuple[str | int, ...]:
        steps: list[str | int] = []
        while True:
            if self.accept("."):
                steps.append(self.name())
            elif self.accept("["):
                step = self._primary()
                self.expect("]")
                if not isinstance(step, Literal_) or not isinstance(step.value, str | int):
                    raise SqlError("Syntax error: expected a member's name or an index.")
                steps.append(step.value)
            else:
                return tuple(steps)

    def _listed(self, end: str) -> tuple[Expression, ...]:
        values: list[Expression] = []
        if self.accept(end):
            return ()
        while True:
            values.append(self.expression())
            if self.accept(end):
                return tuple(values)
            self.expect(",")

    def _object(self) -> Expression:
        members: list[tuple[str, Expression]] = []
        while not self.accept("}"):
            if members:
                self.expect(",")
            word = self.take()
            name = _unquoted(word.text) if word.kind == "string" else word.text
            self.expect(":")
            members.append((name, self.expression()))
        return Object(tuple(members))


def _unquoted(text: str) -> str:
    inner = text[1:-1].replace("\\'", "'")
    return json.loads('"' + (inner if text[0] == '"' else inner.replace('"', '\\"')) + '"')
