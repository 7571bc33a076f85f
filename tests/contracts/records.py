"""Records as the control plane would write them, for whoever stores or deploys them."""

from datetime import UTC, datetime
from typing import Any

from msgspec import Raw

from gateway.records import Adapter, Amounts, Resources, Tool, ToolDefinition

_THEN = datetime(2026, 11, 22, 10, 0, 0, 123456, tzinfo=UTC)


def adapter(name: str = "one", **members: Any) -> Adapter:
    """An adapter of the first generation."""
    return Adapter(**{**_common(name), **members})


def tool(name: str = "one", **members: Any) -> Tool:
    """A tool of the first generation, with a definition that only its own bytes describe."""
    raw = Raw(b'{"name":"%b", "x":1e2,"big":123456789012345678901234567890}' % name.encode())
    decided: dict[str, Any] = {**_common(name), "tool_definition": ToolDefinition(raw), **members}
    return Tool(**decided)


def _common(name: str) -> dict[str, Any]:
    return {
        "id": name,
        "name": name,
        "image_name": "listens",
        "image_version": "1",
        "created_by": "ada",
        "created_at": _THEN,
        "last_updated_at": _THEN,
        "uid": f"uid-of-{name}",
        "generation": 1,
        # Little, so that a small cluster has room for several.
        "resources": Resources(requests=Amounts(cpu="10m", memory="32Mi")),
    }
