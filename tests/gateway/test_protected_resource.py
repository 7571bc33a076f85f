"""What clients are told so that they can sign in (RFC 9728, RFC 6750 §3)."""

import json

import pytest

from gateway.errors import Forbidden, InsufficientScope, NotFound, Unauthenticated
from gateway.protected_resource import ProtectedResource

GATEWAY = ProtectedResource("https://gw.example.com", ("https://login.example.com/t/v2.0",), ("api://c/access",))
BARE = ProtectedResource("https://gw.example.com", ("https://a.example", "https://b.example"))


@pytest.mark.parametrize("endpoint", ["", "/", "/mcp", "/mcp/", "/adapters/a/mcp", "/api"])
def test_resource_is_the_very_url_that_the_client_was_given(endpoint: str) -> None:
    assert json.loads(GATEWAY.document(endpoint)) == {
        "resource": f"https://gw.example.com{endpoint}",
        "authorization_servers": ["https://login.example.com/t/v2.0"],
        "scopes_supported": ["api://c/access"],
        "bearer_methods_supported": ["header"],
    }


def test_without_a_token_no_error_is_named() -> None:
    assert GATEWAY.challenge("/mcp", Unauthenticated("Sign in.")) == (
        'Bearer resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource/mcp", scope="api://c/access"'
    )


def test_bad_token_and_missing_scope_are_named() -> None:
    where = (
        'resource_metadata="https://gw.example.com/.well-known/oauth-protected-resource/api", scope="api://c/access"'
    )
    assert GATEWAY.challenge("/api", Unauthenticated("Expired.", sent=True)) == (
        f'Bearer error="invalid_token", error_description="Expired.", {where}'
    )
    assert GATEWAY.challenge("/api", InsufficientScope("No scope.")) == (
        f'Bearer error="insufficient_scope", error_description="No scope.", {where}'
    )


@pytest.mark.parametrize("error", [Forbidden("Not your role."), NotFound("No.")])
def test_where_signing_in_again_is_vain_nobody_is_asked_to(error: Forbidden | NotFound) -> None:
    assert GATEWAY.challenge("/mcp", error) == ""


def test_several_issuers_and_no_scope() -> None:
    assert json.loads(BARE.document("/mcp"))["authorization_servers"] == ["https://a.example", "https://b.example"]
    assert "scope" not in BARE.challenge("/mcp", Unauthenticated("Sign in."))


def test_description_cannot_end_its_quotes() -> None:
    text = GATEWAY.challenge("/mcp", Unauthenticated('a"b\\c\r\nd\x7fé', sent=True))
    assert "error_description=\"a'b'c''d''\"" in text
    assert text.isprintable()
