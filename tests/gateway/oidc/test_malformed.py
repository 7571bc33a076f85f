"""Whatever stands in Authorization, nothing but the documented errors comes of it. Generated."""

import base64
import string

import msgspec
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gateway.errors import InsufficientScope, Unauthenticated
from tests.fakes.identity_provider import IdentityProvider
from tests.gateway.oidc.desk import Desk
from tests.gateway.oidc.forgeries import good

# The fixtures hold nothing that one example could leave to the next but who is known.
generated = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])

json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=10), inner, max_size=3),
    max_leaves=5,
)
segments = st.text(string.ascii_letters + string.digits + "-_=", max_size=30) | json.map(
    lambda value: base64.urlsafe_b64encode(msgspec.json.encode(value)).rstrip(b"=").decode()
)
names = st.sampled_from(
    ["iss", "aud", "exp", "nbf", "iat", "sub", "oid", "tid", "ver", "scp", "scope", "roles", "azp", "typ", "at_hash"]
)


async def refused(desk: Desk, authorization: str) -> None:
    assert desk.identify.remembered({"Authorization": authorization}) is None
    with pytest.raises((Unauthenticated, InsufficientScope)):
        await desk.identify.verify({"Authorization": authorization})


@generated
@given(sent=st.binary(max_size=200))
@example(sent=b"Bearer \xff.\xff.\xff")
async def test_any_bytes_are_refused(desk: Desk, sent: bytes) -> None:
    await refused(desk, sent.decode("utf-8", "surrogateescape"))
    await refused(desk, "Bearer " + sent.decode("utf-8", "surrogateescape"))


@generated
@given(parts=st.lists(segments, min_size=1, max_size=5))
@example(parts=[base64.urlsafe_b64encode(b"[" * 9000).decode()] * 3)
async def test_what_has_the_look_of_a_token_is_refused(desk: Desk, parts: list[str]) -> None:
    await refused(desk, "Bearer " + ".".join(parts))


@generated
@given(members=st.dictionaries(st.sampled_from(["alg", "kid", "typ", "crit", "b64", "jwk", "jku"]), json, max_size=4))
async def test_any_header_in_front_of_a_good_token_is_refused(
    idp: IdentityProvider, desk: Desk, members: dict[str, object]
) -> None:
    _, payload, signature = idp.token().split(".")
    header = base64.urlsafe_b64encode(msgspec.json.encode({"alg": "RS256", "kid": idp.kid, **members})).rstrip(b"=")
    await refused(desk, f"Bearer {header.decode()}.{payload}.{signature}")


@generated
@given(claims=st.dictionaries(names, json, min_size=1, max_size=3))
async def test_any_claims_that_are_signed_are_understood_or_refused(
    idp: IdentityProvider, desk: Desk, claims: dict[str, object]
) -> None:
    token = idp.signed({**good(idp), **claims})
    try:
        caller = await desk.caller(token)
    except (Unauthenticated, InsufficientScope):
        return
    assert caller.id.isprintable()
    assert caller.id == caller.id.strip() != ""
    assert all(role.isprintable() for role in caller.roles)


@generated
@given(place=st.integers(min_value=0), bit=st.integers(0, 7))
async def test_a_token_with_one_bit_changed_is_refused(idp: IdentityProvider, desk: Desk, place: int, bit: int) -> None:
    token = bytearray(idp.token("alice").encode())
    token[place % len(token)] ^= 1 << bit
    await refused(desk, "Bearer " + token.decode("latin-1"))
