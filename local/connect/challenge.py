"""Challenge: what a refusal asks for, by its `WWW-Authenticate` (RFC 6750 §3). To be shown to a person, never acted upon.

A server that is not to be trusted may name the scope of another; a token for that must not reach it.
"""

import re
from collections.abc import Sequence

import msgspec

_PARAMETER = re.compile(r'\b(scope|error_description)\s*=\s*"([^"\\]*)"', re.IGNORECASE)
_LONGEST = 300  # characters shown of either


class Challenge(msgspec.Struct, frozen=True):
    """`why` and `scope` as they may be shown; empty where the server does not say."""

    why: str = ""
    scope: str = ""

    @classmethod
    def of(cls, headers: Sequence[str]) -> "Challenge":
        """The first that asks for a bearer, among the header's values."""
        bearer = next((header for header in headers if header.lower().startswith("bearer")), "")
        found = {name.lower(): _shown(value) for name, value in reversed(_PARAMETER.findall(bearer))}
        return cls(found.get("error_description", ""), found.get("scope", ""))

    @property
    def wish(self) -> str:
        """The scope, in a sentence."""
        return f"It asks for the scope `{self.scope}`." if self.scope else ""


def _shown(value: str) -> str:
    """Printable ASCII alone, as RFC 6750 §3 has it, and not at any length."""
    text = "".join(c for c in value if " " <= c <= "~" and c != "`")
    return text if len(text) <= _LONGEST else f"{text[:_LONGEST]}…"
