"""ETags on the way out and If-Match on the way in (RFC 9110 §8.8.3, §13.1.1). Pure."""

import re

from gateway.errors import Invalid, PreconditionFailed

_TAG = re.compile(r'\s*(?:(?P<weak>W/)?"(?P<quoted>[\x21\x23-\x7e\x80-\xff]*)"|(?P<bare>[^\s",*]+))\s*(?:,|\Z)')


def opaque(etag: str) -> str:
    """A store's ETag without the quotes that some stores keep in it."""
    return etag.strip('"')


def quoted(etag: str) -> str:
    """A store's ETag as a header value."""
    return f'"{opaque(etag)}"'


def check(if_match: str | None, etag: str) -> None:
    """Raises PreconditionFailed unless If-Match is absent, `*`, or names this version; Invalid if it is not readable.

    A weak tag never matches. A tag without quotes, as the member `etag` shows it, counts as quoted.
    """
    if if_match is None or if_match.strip() == "*":
        return
    if opaque(etag) not in _strong_tags(if_match):
        raise PreconditionFailed("If-Match names another version than the one stored; read it again.", field="If-Match")


def _strong_tags(header: str) -> set[str]:
    tags: set[str] = set()
    header, position = header.strip(), 0
    while position < len(header):
        found = _TAG.match(header, position)
        if found is None:
            raise Invalid("If-Match: expected `*`, or ETags in quotes, separated by commas.", field="If-Match")
        if not found["weak"]:
            tags.add(found["bare"] or found["quoted"] or "")
        position = found.end()
    return tags
