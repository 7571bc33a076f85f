"""JSON lines: an object as one line of JSON that nothing in it can end, colour or turn round. Knows no log and no trail.

JSON escapes what is below a space. Beyond ASCII there is more that readers of lines take for their end (U+0085, U+2028),
that terminals obey (C1 controls) or that shows a text in another order than it has (Trojan Source, CVE-2021-42574).
"""

import re
from collections.abc import Mapping

import msgspec

_CUT = "…"
_UNSAFE = re.compile("[\x7f-\x9f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb\U000e0000-\U000e007f]")
_encode = msgspec.json.Encoder().encode


def json_line(value: Mapping[str, object] | msgspec.Struct) -> bytes:
    """The object without a newline at its end. Its texts may be anything that `plain` returns."""
    line = _encode(value)
    if line.isascii() and b"\x7f" not in line:
        return line
    return _UNSAFE.sub(_escaped, line.decode()).encode()  # outside its strings, JSON is plain ASCII


def plain(text: str, most: int) -> str:
    """A text of at most `most` characters that UTF-8 can carry. Of header bytes that were no UTF-8, a sign is left."""
    if len(text) > most:
        text = text[: most - 1] + _CUT
    if text.isascii():
        return text
    try:
        return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
    except UnicodeEncodeError:  # half of a pair, which was never a byte
        return text.encode("utf-8", "replace").decode()


def _escaped(found: re.Match[str]) -> str:
    units = found[0].encode("utf-16-be")
    return "".join(f"\\u{units[at : at + 2].hex()}" for at in range(0, len(units), 2))
