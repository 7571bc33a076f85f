"""Every implementation of Identify, and how a caller proves who he is to it."""

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager

import msgspec

from gateway.azure.sign_in import required_sign_in
from gateway.dev_identity import DevIdentity
from gateway.identity import Identify
from tests.fakes.identity_provider import IdentityProvider

ORIGIN = "https://gateway.example"

type Proof = Mapping[str, str]


class IdentifyRig(msgspec.Struct, frozen=True):
    """`proof`: the headers of a user with roles. `unsound`: headers that prove nobody.
    `asks`: whether a caller is looked into the first time, or known without."""

    identify: Identify
    proof: Callable[[str, Iterable[str]], Proof]
    unsound: Proof
    asks: bool


@contextmanager
def dev_headers() -> Generator[IdentifyRig]:
    def proof(user: str, roles: Iterable[str]) -> Proof:
        return {"X-Dev-UserId": user, "X-Dev-Roles": ",".join(roles)}

    yield IdentifyRig(DevIdentity(), proof, proof("a\0b", []), asks=False)


@contextmanager
def _tokens(variables: Mapping[str, str], mint: Callable[[str, Iterable[str]], str]) -> Generator[IdentifyRig]:
    def proof(user: str, roles: Iterable[str]) -> Proof:
        return {"Authorization": f"Bearer {mint(user, roles)}"}

    identify = required_sign_in(variables).identify
    yield IdentifyRig(identify, proof, {"Authorization": "Bearer a.b.c"}, asks=True)


@contextmanager
def entra() -> Generator[IdentifyRig]:
    with IdentityProvider() as idp, _tokens(idp.environment(ORIGIN), idp.token) as rig:
        yield rig


@contextmanager
def openid() -> Generator[IdentifyRig]:
    with IdentityProvider() as idp, _tokens(idp.realm_environment(ORIGIN), idp.realm_token) as rig:
        yield rig


IDENTITIES = [dev_headers, entra, openid]
