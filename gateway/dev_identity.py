"""DevIdentity: believes whatever the headers claim. For one's own machine, and clusters told so by an explicit flag; never a guard."""

from functools import lru_cache

from gateway.errors import Unauthenticated
from gateway.identity import Headers, Principal, principal

_DEFAULT_USER = "dev"
_DEFAULT_ROLE = "mcp.dev"


class DevIdentity:
    """`X-Dev-UserId`, `X-Dev-Name`, `X-Dev-Roles` (comma separated) are the caller; absent ones have defaults."""

    def remembered(self, headers: Headers) -> Principal | None:
        """Always known: there is nothing to verify. Raises Unauthenticated for ids no header could carry on."""
        return self._believed(headers)

    async def verify(self, headers: Headers) -> Principal:
        """The same as `remembered`."""
        return self._believed(headers)

    def _believed(self, headers: Headers) -> Principal:
        return _caller(
            headers.get("X-Dev-UserId") or "", headers.get("X-Dev-Name") or "", headers.get("X-Dev-Roles") or ""
        )


@lru_cache(maxsize=4096)  # the same callers come again and again, as verified tokens do
def _caller(user: str, called: str, roles: str) -> Principal:
    id = user.strip() or _DEFAULT_USER
    name = called.strip() or id
    caller = principal(id, name, roles.split(","))
    if not caller.id.isprintable():
        raise Unauthenticated("X-Dev-UserId holds characters that cannot be passed on.")
    return caller if caller.roles else principal(id, name, [_DEFAULT_ROLE])
