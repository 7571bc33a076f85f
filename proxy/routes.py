"""Routes: the address space, in one `match`. Says where a request belongs; calls nobody."""

import re
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from gateway.errors import MethodNotAllowed, NotFound
from gateway.operations import OPERATIONS, Operation

MCP_METHODS = "GET, POST, DELETE"

# They answer before the Host is looked at.
PROBES = frozenset({"/ping", "/ready"})

type Place = Literal["ping", "ready", "index", "adapter", "router", "control-plane"]

# Whatever a path of ours may be made of. `%`, empty and dot segments could be another path to whoever stands behind us.
_PLAIN = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~-]+)+/?\Z|/\Z")


class Route(msgspec.Struct, frozen=True, gc=False):
    """Where a request belongs; `name` is the adapter's."""

    place: Place
    name: str = ""


def route(method: str, path: str, modern: bool) -> Route:
    """The route of a request. Raises NotFound, MethodNotAllowed. `path` is as it came, without the query."""
    match path.split("/"):
        case ["", "adapters", name, "mcp"] | ["", "adapters", name, "mcp", ""]:
            _require(method, "POST" if modern else MCP_METHODS)
            return Route("adapter", name)
        case ["", "mcp"] | ["", "mcp", ""]:
            _require(method, "POST" if modern else MCP_METHODS)
            return Route("router")
        case ["", "ping"]:
            _require(method, "GET")
            return Route("ping")
        case ["", "ready"]:
            _require(method, "GET")
            return Route("ready")
        case ["", ""]:
            _require(method, "GET")
            return Route("index")
        case _:
            _require(method, _control_plane(path))
            return Route("control-plane")


def speaks_rpc(path: str) -> bool:
    """Whether the route is an MCP endpoint."""
    return path in ("/mcp", "/mcp/") or (path.startswith("/adapters/") and path.rstrip("/").endswith("/mcp"))


def _require(method: str, allowed: str) -> None:
    if method not in allowed.split(", "):
        raise MethodNotAllowed(f"{method} is not possible here.", allow=allowed)


def _table(operations: Iterable[Operation]) -> Callable[[str], str]:
    """From a path to the methods that the control plane has for it, as `Allow` lists them. Raises NotFound."""
    methods: dict[str, list[str]] = {}
    for operation in operations:
        if operation.room == "functions":
            methods.setdefault(operation.path, []).append(operation.method)
    patterns = [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z"), ", ".join(names))
        for path, names in methods.items()
    ]

    def allowed(path: str) -> str:
        if _PLAIN.match(path):
            for pattern, names in patterns:
                if pattern.match(path):
                    return names
        raise NotFound("There is nothing here.")

    return allowed


_control_plane = _table(OPERATIONS)
