"""What may be asked of the tenant: scopes and a resource. As strict as Entra is since 2026, or as obliging as RFC 8707 would have it.

Entra: scopes are fully qualified, and a `resource` is, byte for byte, an identifier URI of the application whose scopes they are.
"""

import msgspec

from tests.fakes.authorization_error import AuthorizationError

# About the person, or the token itself: of no resource.
OPENID = frozenset({"openid", "profile", "email", "offline_access"})
_GRAPH = "00000003-0000-0000-c000-000000000000"


class Rules(msgspec.Struct):
    """`identifiers` are the identifier URIs of the application behind the resource, `scopes` the bare names that it has."""

    client_id: str
    identifiers: set[str]
    scopes: set[str]
    strict: bool = True

    def check(self, scope: str, resource: str) -> None:
        """Raises AuthorizationError for what Entra would refuse."""
        for each in scope.split():
            self._check_scope(each)
        if self.strict and resource and resource not in self.identifiers:
            text = "The resource parameter provided in the request doesn't match with the requested scopes."
            raise AuthorizationError("invalid_target", 9010010, text)

    def bare(self, scope: str) -> str:
        """The scopes as a token holds them."""
        return " ".join(each.rpartition("/")[2] for each in scope.split() if each not in OPENID)

    def audience(self, resource: str) -> str:
        """Of a token: Entra's (v2) names the application, whatever the resource was called."""
        return self.client_id if self.strict or not resource else resource

    def _check_scope(self, scope: str) -> None:
        if scope in OPENID:
            return
        owner, _, name = scope.rpartition("/")
        if not owner:
            text = f"The application asked for scope '{scope}' that doesn't exist on the resource '{_GRAPH}'."
            raise AuthorizationError("invalid_client", 650053, text)
        if owner not in {*self.identifiers, self.client_id}:
            raise AuthorizationError("invalid_resource", 500011, f"The resource principal named {owner} was not found.")
        if name not in self.scopes:
            text = f"The application asked for scope '{name}' that doesn't exist on the resource '{self.client_id}'."
            raise AuthorizationError("invalid_client", 650053, text)
