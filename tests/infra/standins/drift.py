"""Drift: what of an object in a cluster differs from what was asked for. Pure.

An API server fills in much and writes some of it otherwise: neither is a difference.
"""

import base64
from typing import Any, cast

from kubernetes.utils import quantity

from tests.infra.standins.wire import Json, inner


def as_set(asked: Json, live: Json) -> Json:
    """What was asked for, with the values it has now; None for what is no longer there."""
    found = {name: _now(one, live.get(name)) for name, one in asked.items() if name != "stringData"}
    if "stringData" in asked:
        data = inner(live, "data")
        found["stringData"] = {name: _decoded(data.get(name)) for name in asked["stringData"]}
    return found


def _now(asked: Any, live: Any) -> Any:
    if isinstance(asked, dict) and isinstance(live, dict):
        values, now = cast("Json", asked), cast("Json", live)
        return {name: _now(one, now.get(name)) for name, one in values.items()}
    if isinstance(asked, list) and isinstance(live, list):
        wanted, there = cast("list[Any]", asked), cast("list[Any]", live)
        return [_now(*pair) for pair in zip(wanted, there, strict=True)] if len(wanted) == len(there) else there
    return cast("Any", asked if _is_same(asked, live) else live)


def _is_same(asked: Any, live: Any) -> bool:
    """`1000m` is `1`, and what is empty need not be there."""
    if asked == live or (live is None and asked in ({}, [], "", False)):
        return True
    parsed: Any = vars(quantity)["parse_quantity"]  # untyped
    try:
        return bool(isinstance(asked, str) and isinstance(live, str) and parsed(asked) == parsed(live))
    except ValueError:
        return False


def _decoded(value: str | None) -> str | None:
    return None if value is None else base64.b64decode(value).decode()
