"""KeyRing: turns routing state into ids that only we can read or make. Keeps no table, no clock and no session.

A sealed text is `base64url(version ‖ key id ‖ nonce ‖ AES-128-GCM(plaintext))` (NIST SP 800-38D), bound to associated data.
The first key seals, all keys open: rotation is append, promote, drop.
"""

import binascii
import hashlib
import os
from collections.abc import Sequence
from functools import lru_cache

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

_VERSION = 1
_NONCE = 12
_TAG = 16
_HEAD = 2  # version, key id
_LONGEST = 8192  # characters; a header that long was not sealed by us

_TO_URL = bytes.maketrans(b"+/", b"-_")
_FROM_URL = bytes.maketrans(b"-_+/=", b"+/!!!")  # RFC 4648 §5: neither the other alphabet, nor padding
# What the last character may be, by the characters in the last group of four: its spare bits are zero, so that no
# session has a second spelling.
_LAST = {2: b"AQgw", 3: b"AEIMQUYcgkosw048"}


class KeyRing:
    """Seals with the first key, opens with any. Keys are 16 bytes each."""

    def __init__(self, keys: Sequence[bytes]) -> None:
        if not keys or any(len(key) != 16 for key in keys):
            raise ValueError("a key ring needs at least one key, and 16 bytes each")
        self._keys = [(hashlib.sha256(key).digest()[0], AESGCM(key)) for key in keys]

    def seal(self, plaintext: bytes, bound_to: bytes) -> str:
        """A text that `open` turns back into `plaintext`, for the same `bound_to` only. URL-safe, without padding."""
        key_id, key = self._keys[0]
        nonce = os.urandom(_NONCE)
        sealed = bytes((_VERSION, key_id)) + nonce + key.encrypt(nonce, plaintext, bound_to)
        text = binascii.b2a_base64(sealed, newline=False).translate(_TO_URL)
        return text.rstrip(b"=").decode("ascii")

    def open(self, text: str, bound_to: bytes) -> bytes | None:
        """The plaintext; None for whatever was not sealed by us for `bound_to`, without saying why not."""
        sealed = _decoded(text)
        if sealed is None or len(sealed) < _HEAD + _NONCE + _TAG or sealed[0] != _VERSION:
            return None
        nonce, ciphertext = sealed[_HEAD : _HEAD + _NONCE], sealed[_HEAD + _NONCE :]
        for key_id, key in self._keys:
            if key_id == sealed[1]:
                try:
                    return key.decrypt(nonce, ciphertext, bound_to)
                except InvalidTag:
                    continue  # ids are one byte: two keys may share one
        return None


@lru_cache(maxsize=4096)  # the same callers come again and again
def bound(*parts: str) -> bytes:
    """Associated data of several parts, each with its length: no two lists of parts are the same bytes."""
    encoded = [part.encode("utf-8", "surrogateescape") for part in parts]
    return b"".join(len(part).to_bytes(4, "big") + part for part in encoded)


def _decoded(text: str) -> bytes | None:
    """The bytes of a text in base64url without padding; None for anything else, other spellings of them included."""
    if not 0 < len(text) <= _LONGEST or not text.isascii():
        return None
    raw = text.encode("ascii")
    left = len(raw) % 4
    if left == 1 or (left and raw[-1] not in _LAST[left]):
        return None
    try:
        return binascii.a2b_base64(raw.translate(_FROM_URL) + b"=" * (-left % 4), strict_mode=True)
    except binascii.Error:
        return None
