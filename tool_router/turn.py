"""Turn: one HTTP request at `/mcp`, and who sent it. Answers nothing by itself; how answers leave is `replies`."""

from functools import lru_cache

from aiohttp import web

from gateway.identity import Principal, principal
from gateway.trust import ROLES, USER
from tool_router.results import HANDSHAKE

_USER = USER.decode()
_ROLES = ROLES.decode()
_MISSING = [""]


class Turn:
    """`caller`: whom the proxy vouches for."""

    __slots__ = ("caller", "request")

    def __init__(self, request: web.BaseRequest, caller: Principal) -> None:
        self.request = request
        self.caller = caller

    def header(self, name: str) -> str | None:
        """The value of a header, or None."""
        return self.request.headers.get(name)

    def headers(self, name: str) -> list[str]:
        """Every value of a header."""
        return self.request.headers.getall(name, [])

    @property
    def id(self) -> str:
        """The id that the proxy gave the request, for logs."""
        return self.request.headers.get("X-Request-Id", "")

    @property
    def is_modern(self) -> bool:
        """Whether the request is of a revision without sessions (reference: MCP 2026-07-28, basic "Versioning")."""
        version = self.request.headers.get("MCP-Protocol-Version")
        return version is not None and version not in HANDSHAKE

    @property
    def takes(self) -> tuple[bool, bool]:
        """Whether the client takes JSON, and whether it takes a stream of events."""
        return _takes(",".join(self.request.headers.getall("Accept", ())))  # lines of one list (RFC 9110 §5.3)


def caller_of(request: web.BaseRequest) -> Principal | None:
    """Whom the proxy vouches for; None where it names nobody."""
    user, roles = once(request, _USER), once(request, _ROLES)
    return _caller(user, roles) if user and roles is not None else None


def once(request: web.BaseRequest, name: str) -> str | None:
    """The value of a header that decides something, empty where it is missing; None where it is given twice: the proxy
    says such things once, so somebody else said one of them."""
    values = request.headers.getall(name, _MISSING)
    return values[0] if len(values) == 1 else None


@lru_cache(maxsize=4096)  # the same callers come again and again
def _caller(user: str, roles: str) -> Principal:
    return principal(user, user, roles.split(","))


@lru_cache(maxsize=256)
def _takes(accept: str) -> tuple[bool, bool]:
    kinds = {kind.partition(";")[0].strip().lower() for kind in accept.split(",")}
    json = not kinds.isdisjoint(("application/json", "application/*", "*/*"))
    return json, not kinds.isdisjoint(("text/event-stream", "text/*", "*/*"))
