"""Blanks: values that are only known once something has been made, in objects that are written before. Knows no object.

`infra.platform` wants texts and checks them; an output of Pulumi's is none. So a mark stands in its place, and is filled in
in what comes out. A mark has the form of a GUID: what is checked where one may stand lets it pass.
"""

import re
from collections.abc import Mapping
from typing import Any, cast

import pulumi

_MARK = re.compile(r"b1a4c000-0000-4000-8000-[0-9]{12}")


class Blanks:
    """Marks given out by one of these are filled in by the same one."""

    def __init__(self) -> None:
        self._values: dict[str, pulumi.Input[str]] = {}

    def mark(self, value: pulumi.Input[str]) -> str:
        """What may stand for `value` in a text."""
        mark = f"b1a4c000-0000-4000-8000-{len(self._values):012d}"
        self._values[mark] = value
        return mark

    def fill(self, value: Any, also: Mapping[str, pulumi.Input[str]] | None = None) -> Any:
        """The same with every mark filled in; `also` are whole texts that stand for something as well."""
        if isinstance(value, str):
            return (also or {}).get(value) or self._text(value)
        if isinstance(value, dict):
            members = cast("dict[str, Any]", value)
            return {name: self.fill(member, also) for name, member in members.items()}
        if isinstance(value, list):
            return [self.fill(item, also) for item in cast("list[Any]", value)]
        return value

    def _text(self, text: str) -> pulumi.Input[str]:
        marks = _MARK.findall(text)
        if not marks:
            return text
        between = _MARK.split(text)
        filled = (self._values[mark] for mark in marks)
        return pulumi.Output.concat(
            between[0], *(part for pair in zip(filled, between[1:], strict=True) for part in pair)
        )
