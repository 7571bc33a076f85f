"""A text of others on one line that can be shown to a person: in a terminal, a log, an error."""

import re

_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")
_LONGEST = 1000  # characters; a pipe that takes anything takes a line of that length


def plain_line(text: str) -> str:
    """On one line, of bearable length, without what would move a terminal's cursor."""
    line = _CONTROL.sub(" ", text).strip()
    return line if len(line) <= _LONGEST else f"{line[:_LONGEST]}…"
