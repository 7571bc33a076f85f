"""Bodies that tests send."""

from typing import Any


def adapter(name: str = "one", **more: Any) -> dict[str, Any]:
    """A small adapter."""
    return {"name": name, "imageName": "example", "imageVersion": "1", **more}


def tool(name: str = "one", *, tool: object = None, **more: Any) -> dict[str, Any]:
    """A small tool; `tool` is its MCP definition."""
    return {**adapter(name), "toolDefinition": {"tool": {"name": name} if tool is None else tool}, **more}
