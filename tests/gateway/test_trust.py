"""Which headers cross which edge, and how a caller travels to a pod."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import principal
from gateway.trust import (
    FORWARDING,
    FORWARDING_PREFIXES,
    HOP_BY_HOP,
    IDENTITY,
    ONCE,
    RESPONSE,
    is_trusted,
    reaches_a_pod,
    reaches_the_client,
    reaches_the_control_plane,
    reaches_the_router,
    stamp,
    vouch,
)

KEPT = [b"accept", b"content-type", b"mcp-method", b"mcp-param-x", b"traceparent", b"last-event-id", b"user-agent"]


@pytest.mark.parametrize("name", KEPT)
def test_ordinary_headers_reach_everyone_behind_us(name: bytes) -> None:
    assert reaches_a_pod(name)
    assert reaches_the_router(name)
    assert reaches_the_control_plane(name)


@pytest.mark.parametrize(
    "name",
    sorted(
        HOP_BY_HOP
        | IDENTITY
        | FORWARDING
        | {prefix + b"x" for prefix in FORWARDING_PREFIXES}
        | {b"x-forwarded-for", b"x-ms-client-principal", b"x-ms-client-principal-id", b"x-original-url", b"host"}
    ),
)
def test_hops_and_claims_reach_nobody(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_router(name)
    assert not reaches_the_control_plane(name)


def test_requests_id_reaches_pods_as_it_came_and_ours_in_our_words() -> None:
    assert reaches_a_pod(b"x-request-id")
    assert not reaches_the_router(b"x-request-id")
    assert not reaches_the_control_plane(b"x-request-id")


@pytest.mark.parametrize("name", [b"authorization", b"x-dev-userid", b"x-dev-anything"])
def test_credentials_reach_the_control_plane_only(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_router(name)
    assert reaches_the_control_plane(name)


@pytest.mark.parametrize("name", [b"cookie", b"origin", b"expect", b"content-length", b"transfer-encoding"])
def test_what_is_between_the_client_and_us_stays_there(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_control_plane(name)


@pytest.mark.parametrize("name", [*sorted(RESPONSE), b"mcp-session-id", b"mcp-anything"])
def test_listed_headers_reach_the_client(name: bytes) -> None:
    assert reaches_the_client(name)


@pytest.mark.parametrize("name", [b"set-cookie", b"www-authenticate", b"location", b"server", b"x-mcp", *HOP_BY_HOP])
def test_no_other_header_reaches_the_client(name: bytes) -> None:
    assert not reaches_the_client(name)


def test_names_are_lower_case() -> None:
    for name in (*(ONCE | HOP_BY_HOP | IDENTITY | RESPONSE | FORWARDING), *FORWARDING_PREFIXES):
        assert name == name.lower()


@given(id=st.text(), roles=st.lists(st.text(), max_size=5))
def test_caller_is_two_lines_whatever_the_name(id: str, roles: list[str]) -> None:
    lines = stamp(principal(id, id, roles)).split(b"\r\n")
    assert len(lines) == 3
    assert lines[0].startswith(b"X-Mcp-UserId: ")
    assert lines[1].startswith(b"X-Mcp-Roles: ")
    assert lines[2] == b""
    assert all(byte >= 0x20 and byte != 0x7F for line in lines for byte in line)


@given(id=st.text(), secret=st.text())
def test_caller_and_secret_are_three_lines_whatever_they_are(id: str, secret: str) -> None:
    lines = vouch(principal(id, id, []), secret).split(b"\r\n")
    assert len(lines) == 4
    assert lines[2].startswith(b"X-Gateway-Secret: ")
    assert all(byte >= 0x20 and byte != 0x7F for line in lines for byte in line)


@pytest.mark.parametrize("secret", ["0123456789abcdef", "ö b", "%d{}"])
def test_secret_that_was_shown_is_trusted(secret: str) -> None:
    shown = vouch(principal("u", "u", []), secret).split(b"\r\n")[2].partition(b": ")[2].decode()
    assert is_trusted(shown, ("other", secret))
    assert not is_trusted(shown + "x", ("other", secret))


def test_names_arrive_as_utf8_and_roles_as_a_list() -> None:
    caller = principal("ö b@c.de", "", ["mcp.dev", "a,b", "c"])
    assert stamp(caller) == "X-Mcp-UserId: ö b@c.de\r\nX-Mcp-Roles: mcp.dev,c\r\n".encode()
