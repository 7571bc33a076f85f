"""Which keys of a set may prove a token."""

from typing import Any

import msgspec
import pytest

from gateway.oidc.keys import usable
from tests.fakes.identity_provider import IdentityProvider, jwk, new_key

ISSUER = "https://login.example/t/v2.0"


def found(*keys: object) -> set[str]:
    return set(usable(msgspec.json.encode({"keys": keys}), ISSUER, "t"))


def test_a_long_enough_rsa_key_for_signatures_is_usable(idp: IdentityProvider) -> None:
    assert found(jwk(idp.key, "a", x5c=["MII"], x5t="x", alg="RS256"), jwk(idp.key, "b")) == {"a", "b"}


@pytest.mark.parametrize(
    "members",
    [
        {"use": "enc"},
        {"kty": "EC", "crv": "P-256", "x": "AA", "y": "AA"},
        {"kty": "oct", "k": "c2VjcmV0"},
        {"alg": "RS512"},
        {"alg": "HS256"},
        {"kid": ""},
        {"kid": 1},
        {"n": ""},
        {"n": "!"},
        {"e": "AA"},
        {"e": "Ag"},
        {"n": None},
        {"issuer": "https://login.example/somebody-else/v2.0"},
    ],
    ids=repr,
)
def test_every_other_key_is_passed_over_and_spoils_nothing(idp: IdentityProvider, members: dict[str, Any]) -> None:
    assert found({**jwk(idp.key, "bad"), **members}, jwk(idp.key, "good")) == {"good"}


def test_a_short_key_is_passed_over(idp: IdentityProvider) -> None:
    assert found(jwk(new_key(1024), "short")) == set()


def test_a_key_without_an_id_or_that_is_no_object_is_passed_over(idp: IdentityProvider) -> None:
    assert found({k: v for k, v in jwk(idp.key, "a").items() if k != "kid"}, 1, None, [], "a") == set()


def test_a_private_key_published_by_mistake_counts_as_its_public_half(idp: IdentityProvider) -> None:
    secret = jwk(idp.key, "a", d="AQAB")
    assert usable(msgspec.json.encode({"keys": [secret]}), ISSUER)["a"] == idp.key.public_key()


def test_a_key_that_signs_for_any_tenant_signs_for_ours(idp: IdentityProvider) -> None:
    assert found(jwk(idp.key, "a", issuer="https://login.example/{tenantid}/v2.0")) == {"a"}


def test_of_two_keys_with_one_id_the_first_counts(idp: IdentityProvider) -> None:
    both = [jwk(idp.key, "a"), jwk(new_key(), "a")]
    assert usable(msgspec.json.encode({"keys": both}), ISSUER)["a"] == idp.key.public_key()


@pytest.mark.parametrize("document", [b"", b"[]", b"{}", b'{"keys": {}}', b"\xff"])
def test_what_is_no_set_is_refused(document: bytes) -> None:
    with pytest.raises((msgspec.DecodeError, UnicodeDecodeError)):
        usable(document, ISSUER)
