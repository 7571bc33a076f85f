"""DevIdentity: believes whatever the headers claim. For one's own machine, and clusters told so by an explicit flag; never a guard."""

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
        id = (headers.get("X-Dev-UserId") or "").strip() or _DEFAULT_USER
        name = (headers.get("X-Dev-Name") or "").strip() or id
        roles = (headers.get("X-Dev-Roles") or "").split(",")
        caller = principal(id, name, roles)
        if not caller.id.isprintable():
            raise Unauthenticated("X-Dev-UserId holds characters that cannot be passed on.")
        return caller if caller.roles else principal(id, name, [_DEFAULT_ROLE])
