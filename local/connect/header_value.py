"""How a value travels in a header of 2026-07-28 ("Request Metadata"): as it is, or in base64 where HTTP would change it. Pure."""

import base64
import re

_PLAIN = re.compile(r"[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?")
_SENTINEL = re.compile(r"=\?base64\?.*\?=", re.DOTALL)


def header_value(value: str) -> str:
    """The value itself if it is printable ASCII without spaces at its edges and does not look encoded; else `=?base64?…?=`."""
    if not value or (_PLAIN.fullmatch(value) and not _SENTINEL.fullmatch(value)):
        return value
    return f"=?base64?{base64.b64encode(value.encode(errors='surrogatepass')).decode()}?="
