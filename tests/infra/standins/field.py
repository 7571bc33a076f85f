"""Field: one property that a resource may have, whoever published it."""

import re
from typing import Any

import msgspec

_JOINT = re.compile(r"[._]+(\w)")


class Field(msgspec.Struct, frozen=True):
    """`name`: as a program's inputs have it.

    `type`: str, int, float, bool, an enumeration, a model, a union of them, list[…], dict[str, …] or Any.
    """

    name: str
    type: Any
    required: bool = False
    read_only: bool = False


def spoken(wire: str) -> str:
    """The name in a program of what the wire calls `Application_Type` or `odata.type`."""
    joined = _JOINT.sub(lambda found: found[1].upper(), wire)
    return joined[:1].lower() + joined[1:]
