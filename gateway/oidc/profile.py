"""Profile: what is expected of one issuer's tokens. Says nothing of keys, nor of where the words come from."""

from collections.abc import Mapping

import msgspec

from gateway.oidc.audiences import Audiences


class Profile(msgspec.Struct, frozen=True):
    """An OpenID provider as its tokens show it."""

    issuer: str
    """As its discovery document, below this URL, must name it."""
    audiences: Audiences
    versions: Mapping[str, str]
    """Each `iss` that is taken, with the `ver` that goes with it; "": whichever, or none."""
    tenant: str = ""
    """`tid` must be this one, and `oid` is the principal's id; "": there are no tenants, and the id is `issuer|sub`."""
    scope: str = ""
    """What a token that names scopes must name; "": nothing in particular."""
    roles: str = "roles"
    """The claim with the roles; dots lead into objects (`realm_access.roles`) where no claim has the whole name."""
