"""What was sealed comes back, for whom it was sealed and nobody else, in one spelling only."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.seal import KeyRing, bound

_RING = KeyRing([b"0123456789abcdef"])
_PARTS = st.lists(st.text(), min_size=1, max_size=4)


@given(plaintext=st.binary(max_size=3000), parts=_PARTS)
def test_what_was_sealed_is_opened_for_what_it_was_bound_to(plaintext: bytes, parts: list[str]) -> None:
    assert _RING.open(_RING.seal(plaintext, bound(*parts)), bound(*parts)) == plaintext


@given(plaintext=st.binary(max_size=100), parts=_PARTS, others=_PARTS)
def test_nothing_opens_for_anybody_else(plaintext: bytes, parts: list[str], others: list[str]) -> None:
    sealed = _RING.seal(plaintext, bound(*parts))
    assert (_RING.open(sealed, bound(*others)) == plaintext) is (parts == others)


@given(parts=_PARTS, others=_PARTS)
def test_no_two_lists_of_parts_are_bound_alike(parts: list[str], others: list[str]) -> None:
    assert (bound(*parts) == bound(*others)) is (parts == others)


@given(plaintext=st.binary(max_size=40), data=st.data())
def test_a_sealed_text_with_one_character_changed_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealed = _RING.seal(plaintext, b"")
    at = data.draw(st.integers(0, len(sealed) - 1))
    other = data.draw(st.characters(codec="ascii").filter(lambda character: character != sealed[at]))
    assert _RING.open(sealed[:at] + other + sealed[at + 1 :], b"") is None


@given(plaintext=st.binary(max_size=40), data=st.data())
def test_a_sealed_text_cut_or_continued_does_not_open(plaintext: bytes, data: st.DataObject) -> None:
    sealed = _RING.seal(plaintext, b"")
    assert _RING.open(sealed[: data.draw(st.integers(0, len(sealed) - 1))], b"") is None
    assert _RING.open(sealed + data.draw(st.text(min_size=1, max_size=4)), b"") is None


@given(text=st.text())
def test_whatever_a_client_sends_is_answered_without_an_error(text: str) -> None:
    assert _RING.open(text, b"") is None


@given(plaintext=st.binary(max_size=40))
def test_a_sealed_text_is_safe_in_urls_and_headers(plaintext: bytes) -> None:
    sealed = _RING.seal(plaintext, b"")
    assert sealed.isascii()
    assert sealed.replace("-", "").replace("_", "").isalnum()


def test_the_same_plaintext_is_never_sealed_twice_alike() -> None:
    assert len({_RING.seal(b"x", b"") for _ in range(1000)}) == 1000


def test_a_text_longer_than_any_of_ours_is_not_looked_into() -> None:
    assert _RING.open(base64.urlsafe_b64encode(os.urandom(9000)).decode(), b"") is None


def test_rotation_is_append_then_promote_then_drop() -> None:
    old, new = b"o" * 16, b"n" * 16
    before = KeyRing([old]).seal(b"session", b"")
    appended, promoted, dropped = KeyRing([old, new]), KeyRing([new, old]), KeyRing([new])
    during = appended.seal(b"session", b"")
    after = promoted.seal(b"session", b"")
    assert all(ring.open(text, b"") == b"session" for ring in (appended, promoted) for text in (before, during, after))
    assert KeyRing([old]).open(after, b"") is None
    assert dropped.open(after, b"") == b"session"
    assert dropped.open(before, b"") is None


@pytest.mark.parametrize("keys", [[], [b"short"], [b"x" * 16, b"x" * 32]])
def test_a_ring_without_good_keys_is_refused(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        KeyRing(keys)
