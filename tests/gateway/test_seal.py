"""Sealed ids: only we can read or make them, and only for what they were bound to."""

import base64
import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.seal import KeyRing, bound

KEYS = [bytes([n]) * 16 for n in range(4)]
parts = st.lists(st.text(max_size=20), max_size=4)


@given(plaintext=st.binary(max_size=300), bound_to=st.binary(max_size=60))
def test_what_is_sealed_opens_again(plaintext: bytes, bound_to: bytes) -> None:
    ring = KeyRing(KEYS)
    text = ring.seal(plaintext, bound_to)
    assert ring.open(text, bound_to) == plaintext
    assert all(c.isalnum() or c in "-_" for c in text)


@given(plaintext=st.binary(max_size=50), bound_to=st.binary(max_size=20), other=st.binary(max_size=20))
def test_it_opens_only_for_what_it_was_bound_to(plaintext: bytes, bound_to: bytes, other: bytes) -> None:
    ring = KeyRing(KEYS)
    opened = ring.open(ring.seal(plaintext, bound_to), other)
    assert opened == (plaintext if bound_to == other else None)


@given(where=st.floats(0, 1, exclude_max=True), other=st.characters(), plaintext=st.binary(max_size=40))
def test_every_change_of_a_character_is_noticed(where: float, other: str, plaintext: bytes) -> None:
    ring = KeyRing(KEYS)
    text = ring.seal(plaintext, b"b")
    at = int(where * len(text))
    opened = ring.open(text[:at] + other + text[at + 1 :], b"b")
    assert opened == (plaintext if other == text[at] else None)


@given(text=st.one_of(st.text(max_size=100), st.binary(max_size=100).map(lambda raw: base64.b64encode(raw).decode())))
def test_nothing_else_opens(text: str) -> None:
    assert KeyRing(KEYS).open(text, b"b") is None


@given(plaintext=st.binary(max_size=40))
def test_a_session_has_one_spelling(plaintext: bytes) -> None:
    ring = KeyRing(KEYS)
    text = ring.seal(plaintext, b"b")
    for other in (text + "=", text + "==", text + "\n", " " + text, text + "A", text[:-1], text + "AA"):
        assert ring.open(other, b"b") is None
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_+/="
    assert sum(ring.open(text[:-1] + last, b"b") is not None for last in alphabet) == 1
    if set(text) & set("-_"):
        assert ring.open(text.replace("-", "+").replace("_", "/"), b"b") is None


def test_too_long_texts_are_not_even_looked_at() -> None:
    ring = KeyRing(KEYS)
    assert ring.open(ring.seal(os.urandom(8000), b"b"), b"b") is None


def test_two_seals_of_the_same_differ() -> None:
    ring = KeyRing(KEYS)
    assert ring.seal(b"same", b"b") != ring.seal(b"same", b"b")


def test_rotation_is_append_promote_drop() -> None:
    old, new = KEYS[:2]
    text = KeyRing([old]).seal(b"id", b"b")
    appended, promoted, dropped = KeyRing([old, new]), KeyRing([new, old]), KeyRing([new])
    assert appended.open(text, b"b") == b"id"
    fresh = promoted.seal(b"id", b"b")
    assert appended.open(fresh, b"b") == b"id"
    assert promoted.open(text, b"b") == b"id"
    assert dropped.open(fresh, b"b") == b"id"
    assert dropped.open(text, b"b") is None


def test_keys_that_share_their_short_id_both_open() -> None:
    first = KEYS[0]
    other = next(key for n in range(1, 5000) if _short_id(key := n.to_bytes(16, "big")) == _short_id(first))
    for key in (first, other):
        assert KeyRing([first, other]).open(KeyRing([key]).seal(b"id", b"b"), b"b") == b"id"


@pytest.mark.parametrize("keys", [[], [b"short"], [bytes(16), bytes(32)]])
def test_keys_have_16_bytes(keys: list[bytes]) -> None:
    with pytest.raises(ValueError, match="16 bytes"):
        KeyRing(keys)


@given(one=parts, other=parts)
def test_no_two_lists_of_parts_are_bound_alike(one: list[str], other: list[str]) -> None:
    assert (bound(*one) == bound(*other)) == (one == other)


def _short_id(key: bytes) -> int:
    text = KeyRing([key]).seal(b"", b"")
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))[1]
