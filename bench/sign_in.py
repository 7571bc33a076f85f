"""Sign-in of the bench: an identity provider, tokens of some people, and what our proxies are told so that they verify it in earnest."""

import contextlib
import uuid
from collections.abc import Generator, Sequence

import msgspec

from gateway.azure.sign_in import BELIEVED, SignIn, sign_in
from tests.fakes.identity_provider import IdentityProvider

PUBLIC = "https://gateway.example"
_GROUPS = 10  # object ids in the token, so that it is about as long as Entra's: 1.5 KB


class Tenant(msgspec.Struct, frozen=True):
    """`variables` are what a proxy is told, as JSON; `proofs` what each of some people sends with every request."""

    variables: str
    proofs: list[dict[str, str]]


@contextlib.contextmanager
def tenant(users: Sequence[str], roles: Sequence[str]) -> Generator[Tenant]:
    """The provider answers while the block runs; the tokens outlive it."""
    with IdentityProvider() as provider:
        groups = [str(uuid.uuid5(uuid.NAMESPACE_URL, str(number))) for number in range(_GROUPS)]
        tokens = [provider.token(user, roles, seconds=24 * 3600, groups=groups) for user in users]
        variables = msgspec.json.encode(provider.environment(PUBLIC)).decode()
        yield Tenant(variables, [{"Authorization": f"Bearer {token}"} for token in tokens])


def told(variables: str = "") -> SignIn:
    """In a proxy's process: what it was told; without anything, that it believes its callers."""
    return (sign_in(msgspec.json.decode(variables, type=dict[str, str])) if variables else None) or BELIEVED
