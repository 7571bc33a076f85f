"""Routes: the address space, in one `match`. Says where a request belongs; calls nobody."""

import re
from collections.abc import Callable, Iterable
from typing import Literal

import msgspec

from gateway.errors import MethodNotAllowed, NotFound
from gateway.operations import OPERATIONS, Operation
from gateway.protected_resource import WELL_KNOWN
from gateway.records import NAME_PATTERN

MCP_METHODS = "GET, POST, DELETE"
METADATA_METHODS = "GET, HEAD, OPTIONS"

# They answer before the Host is looked at.
PROBES = frozenset({"/ping", "/ready"})

type Place = Literal["ping", "ready", "index", "metadata", "preflight", "adapter", "router", "control-plane"]

_NAME = re.compile(NAME_PATTERN)
# Whatever a path of ours may be made of. `%`, empty and dot segments could be another path to whoever stands behind us.
_PLAIN = re.compile(r"(/(?!\.{1,2}(/|\Z))[A-Za-z0-9._~-]+)+/?\Z|/\Z")


class Route(msgspec.Struct, frozen=True, gc=False):
    """Where a request belongs.

    `name` is the adapter's; for metadata the path of the endpoint that is asked about, for a preflight the methods there are,
    for the control plane the operation's path, as the table has it.
    """

    place: Place
    name: str = ""


def route(method: str, path: str, modern: bool) -> Route:
    """The route of a request. Raises NotFound, MethodNotAllowed. `path` is as it came, without the query."""
    found, allowed = _found(path, modern)
    if method not in allowed.split(", "):
        raise MethodNotAllowed(f"{method} is not possible here.", allow=allowed)
    return found


def preflight(path: str) -> Route:
    """The route of a browser's question what a page may do at a path. Raises NotFound."""
    return Route("preflight", _found(path, False)[1])


def is_metadata(path: str) -> bool:
    """Whether a path may be that of an endpoint's metadata: pages of every origin may ask."""
    return path.startswith(WELL_KNOWN)


def _found(path: str, modern: bool) -> tuple[Route, str]:
    """The route, and its methods as `Allow` lists them. Raises NotFound."""
    match path.split("/"):
        case ["", "adapters", name, "mcp"] | ["", "adapters", name, "mcp", ""] if _NAME.match(name):
            return Route("adapter", name), "POST" if modern else MCP_METHODS
        case ["", "mcp"] | ["", "mcp", ""]:
            return Route("router"), "POST" if modern else MCP_METHODS
        case ["", "ping"]:
            return Route("ping"), "GET"
        case ["", "ready"]:
            return Route("ready"), "GET"
        case ["", ""]:
            return Route("index"), "GET"
        case ["", ".well-known", "oauth-protected-resource", *segments] if _is_endpoint(segments):
            return Route("metadata", path.removeprefix(WELL_KNOWN)), METADATA_METHODS
        case _:
            template, methods = _control_plane(path)
            return Route("control-plane", template), methods


def _is_endpoint(segments: list[str]) -> bool:
    """Whether these, behind the well-known ones, are the path of an endpoint; a slash at its end is the client's to choose."""
    match segments:
        case [] | [""]:
            return True
        case ["mcp" | "api"] | ["mcp" | "api", ""]:
            return True
        case ["adapters", name, "mcp"] | ["adapters", name, "mcp", ""]:
            return _NAME.match(name) is not None
        case _:
            return False


def speaks_rpc(path: str) -> bool:
    """Whether the route is an MCP endpoint."""
    return path in ("/mcp", "/mcp/") or (path.startswith("/adapters/") and path.rstrip("/").endswith("/mcp"))


def _table(operations: Iterable[Operation]) -> Callable[[str], tuple[str, str]]:
    """From a path to that of the operation, and the methods that the control plane has for it. Raises NotFound."""
    methods: dict[str, list[str]] = {}
    for operation in operations:
        if operation.room == "functions":
            methods.setdefault(operation.path, []).append(operation.method)
    patterns = [
        (re.compile(re.sub(r"\\{\w+\\}", "[^/]+", re.escape(path)) + r"\Z"), (path, ", ".join(names)))
        for path, names in methods.items()
    ]

    def found(path: str) -> tuple[str, str]:
        if _PLAIN.match(path):
            for pattern, operation in patterns:
                if pattern.match(path):
                    return operation
        raise NotFound("There is nothing here.")

    return found


_control_plane = _table(OPERATIONS)
