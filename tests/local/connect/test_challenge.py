"""What of a challenge is shown: enough to act upon, and nothing that could do harm."""

import pytest

from local.connect.challenge import Challenge
from tests.local.connect.near_side import modern
from tests.local.connect.test_refusals import error, refusing

METADATA = 'resource_metadata="https://h/.well-known/oauth-protected-resource/mcp"'


@pytest.mark.parametrize(
    ("header", "why", "scope"),
    [
        (f'Bearer {METADATA}, scope="api://x/access"', "", "api://x/access"),
        (f'bearer error="invalid_token", error_description="Too old.", {METADATA}, scope="a b"', "Too old.", "a b"),
        (f"Bearer {METADATA}", "", ""),
        ('Basic realm="x", scope="a"', "", ""),
        ('Bearer scope="a", scope="b"', "", "a"),
        ('Bearer scope="a\x1b[31m`b"', "", "a[31mb"),
        (f'Bearer scope="{"x" * 400}"', "", f"{'x' * 300}…"),
        ('Bearer scope="open', "", ""),
        ("", "", ""),
    ],
)
def test_why_and_which_scope_are_read(header: str, why: str, scope: str) -> None:
    assert Challenge.of([header] if header else []) == Challenge(why, scope)


async def test_a_401_says_why_and_which_scope_is_asked_for() -> None:
    challenge = (
        f'Bearer error="invalid_token", error_description="The token is too old.", {METADATA}, scope="api://x/access"'
    )
    async with refusing(401, b"", **{"WWW-Authenticate": challenge}) as near:
        assert await near.ask(modern(1, "a")) == error(
            1,
            "The gateway does not accept the token (401): check --azure, --token-command or --header Authorization."
            " The token is too old. It asks for the scope `api://x/access`.",
        )


async def test_a_403_for_want_of_a_scope_says_which() -> None:
    challenge = 'Bearer error="insufficient_scope", scope="api://x/access"'
    async with refusing(403, b'{"detail":"Not enough."}', **{"WWW-Authenticate": challenge}) as near:
        assert await near.ask(modern(1, "a")) == error(1, "Not enough. It asks for the scope `api://x/access`.")
