"""Reading claims: what JSON allows and tokens may not, and where roles and names are found."""

import pytest

from gateway.errors import Unauthenticated
from gateway.oidc.claims import called, granted, read


@pytest.mark.parametrize(
    "payload",
    [
        b"",
        b"null",
        b"[]",
        b'"claims"',
        b"{}",
        b'{"iss":"i","aud":"a"}',
        b'{"iss":"i","aud":"a","exp":null}',
        b'{"iss":"i","aud":"a","exp":"2000000000"}',
        b'{"iss":"i","aud":"a","exp":true}',
        b'{"iss":"i","aud":"a","exp":NaN}',
        b'{"iss":"i","aud":"a","exp":Infinity}',
        b'{"iss":"i","aud":"a","exp":1e999}',
        b'{"iss":"i","aud":null,"exp":1}',
        b'{"iss":"i","aud":[1],"exp":1}',
        b'{"iss":["i"],"aud":"a","exp":1}',
        b'{"iss":"i","aud":"a","exp":1,"oid":7}',
        b'{"iss":"i","aud":"a","exp":1,"scp":{}}',
        b'{"iss":"i","aud":"a","exp":1,"sub":"\\ud800"}',
        b'{"iss":"i","aud":"a","exp":1,"sub":"\xff"}',
        b'{"iss":"i","aud":"a","exp":1} {}',
    ],
    ids=lambda payload: repr(payload)[:60],
)
def test_claims_that_are_not_what_they_should_be_are_refused(payload: bytes) -> None:
    with pytest.raises(Unauthenticated):
        read(payload)


def test_an_end_in_a_thousand_years_is_an_end() -> None:
    told, _ = read(b'{"iss":"i","aud":"a","exp":1' + b"0" * 300 + b"}")
    assert told.exp > 1e18


@pytest.mark.parametrize(
    ("scp", "scope", "scopes"),
    [
        ("null", "null", None),
        ('"a b"', "null", {"a", "b"}),
        ("null", '["a","b"]', {"a", "b"}),
        ('"a"', '"b"', {"a", "b"}),
        ('""', "null", set[str]()),
        ("[]", "null", set[str]()),
    ],
)
def test_scopes_are_words_or_a_list_and_none_is_not_nothing(scp: str, scope: str, scopes: set[str] | None) -> None:
    told, _ = read(f'{{"iss":"i","aud":"a","exp":1,"scp":{scp},"scope":{scope}}}'.encode())
    assert told.scopes == scopes


def test_roles_are_found_by_the_whole_name_before_the_path() -> None:
    assert granted({"a.b": ["whole"], "a": {"b": ["deep"]}}, "a.b") == ("whole",)
    assert granted({"a": {"b": ["deep"]}}, "a.b") == ("deep",)
    assert granted({"a": {"b": None}}, "a.b") == ()
    assert granted({"a": {"b": "one role"}}, "a.b") == ("one role",)
    assert granted({"a": "b"}, "a.b") == granted({}, "a") == ()


@pytest.mark.parametrize("roles", [1, True, {"a": 1}, ["a", 1], [["a"]]])
def test_roles_that_are_no_words_are_refused(roles: object) -> None:
    with pytest.raises(Unauthenticated):
        granted({"roles": roles}, "roles")


def test_a_name_that_is_no_line_of_letters_is_passed_over() -> None:
    assert called({"name": "a\nb", "preferred_username": " ", "upn": " ana@contoso.example "}) == "ana@contoso.example"
    assert called({"name": 1}) == ""
