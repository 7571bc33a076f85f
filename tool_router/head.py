"""Head: what the head of a request says: the same for the same bytes. Knows no connection and no body."""

from functools import lru_cache

from multidict import CIMultiDict, CIMultiDictProxy

from gateway.identity import Principal, principal
from gateway.trust import ROLES, USER
from tool_router.results import HANDSHAKE

_USER = USER.decode()
_ROLES = ROLES.decode()
_MISSING = [""]


class Head:
    """One head. `varying`: lower-case names of headers that are not in it, because each request has other values.

    `caller` is a note of who the proxy says it is, once that was believed: nobody asks twice for the same bytes.
    """

    __slots__ = ("_headers", "caller", "is_modern", "keep_alive", "method", "path", "takes", "varying")

    def __init__(
        self,
        method: str,
        target: str,
        headers: CIMultiDictProxy[str] | CIMultiDict[str],
        *,
        keep_alive: bool,
        varying: tuple[bytes, ...] = (),
    ) -> None:
        self.method = method
        self.path = target.partition("?")[0]
        self.keep_alive = keep_alive
        self.varying = varying
        self.caller: Principal | None = None
        version = headers.get("MCP-Protocol-Version")
        # Whether the request is of a revision without sessions (MCP 2026-07-28, basic "Versioning").
        self.is_modern = version is not None and version not in HANDSHAKE
        # Whether the client takes JSON, and whether it takes events. Lines of one list (RFC 9110 §5.3).
        self.takes = _takes(",".join(headers.getall("Accept", _MISSING)))
        self._headers = headers

    def get(self, name: str) -> str | None:
        """The value of a header, or None."""
        return self._headers.get(name)

    def all(self, name: str) -> list[str]:
        """Every value of a header."""
        return self._headers.getall(name, [])

    def vouched(self) -> Principal | None:
        """Whom the headers name, if they can be trusted; None where they name nobody."""
        user, roles = self.once(_USER), self.once(_ROLES)
        return _caller(user, roles) if user and roles is not None else None

    def once(self, name: str) -> str | None:
        """The value of a header that decides something, empty where it is missing; None where it is given twice: the
        proxy says such things once, so somebody else said one of them."""
        values = self._headers.getall(name, _MISSING)
        return values[0] if len(values) == 1 else None


@lru_cache(maxsize=4096)  # the same callers come again and again
def _caller(user: str, roles: str) -> Principal:
    return principal(user, user, roles.split(","))


@lru_cache(maxsize=256)
def _takes(accept: str) -> tuple[bool, bool]:
    kinds = {kind.partition(";")[0].strip().lower() for kind in accept.split(",")}
    json = not kinds.isdisjoint(("application/json", "application/*", "*/*"))
    return json, not kinds.isdisjoint(("text/event-stream", "text/*", "*/*"))
