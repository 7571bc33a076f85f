"""The words of a query, each with the place where it stands: a plan is made of pieces of the query's own text."""

import re
from typing import Literal

import msgspec

type Kind = Literal["name", "number", "string", "parameter", "sign", "end"]

_WORD = re.compile(
    r"""\s*(?:
        (?P<name>[A-Za-z_][A-Za-z0-9_]*)
      | (?P<number>-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?)
      | (?P<string>'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*")
      | (?P<parameter>@[A-Za-z_][A-Za-z0-9_]*)
      | (?P<sign><=|>=|!=|<>|[=<>(),.\[\]{}:*])
    )""",
    re.VERBOSE,
)


class SqlError(Exception):
    """The query is not understood; in the real service many more are."""


class Token(msgspec.Struct, frozen=True):
    """One word; `start` and `end` are where it stands."""

    kind: Kind
    text: str
    start: int
    end: int

    def spells(self, *words: str) -> bool:
        """Whether it is one of these: a keyword in any case, or a sign."""
        return self.kind in ("name", "sign") and self.text.upper() in words


def tokens(query: str) -> list[Token]:
    """The words of a query; the last one is its end. Raises SqlError."""
    found: list[Token] = []
    position, end = 0, len(query.rstrip())
    while position < end:
        word = _WORD.match(query, position)
        if word is None or word.lastgroup is None:
            raise SqlError(f"Syntax error, incorrect syntax near '{query[position : position + 20].strip()}'.")
        kind: Kind = word.lastgroup  # pyright: ignore[reportAssignmentType] (the groups above bear these names)
        found.append(Token(kind, word[word.lastgroup], word.start(word.lastgroup), word.end()))
        position = word.end()
    return [*found, Token("end", "", end, end)]
