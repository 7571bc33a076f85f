"""Which headers cross which edge, and how a caller travels to a pod."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import principal
from gateway.trust import (
    HOP_BY_HOP,
    IDENTITY,
    ONCE,
    RESPONSE,
    reaches_a_pod,
    reaches_the_client,
    reaches_the_control_plane,
    stamp,
)

KEPT = [b"accept", b"content-type", b"mcp-method", b"mcp-param-x", b"traceparent", b"last-event-id", b"user-agent"]


@pytest.mark.parametrize("name", KEPT)
def test_ordinary_headers_reach_everyone_behind_us(name: bytes) -> None:
    assert reaches_a_pod(name)
    assert reaches_the_control_plane(name)


@pytest.mark.parametrize(
    "name", sorted(HOP_BY_HOP | IDENTITY | {b"forwarded", b"x-forwarded-for", b"x-real-ip", b"host"})
)
def test_hops_and_claims_reach_nobody(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_control_plane(name)


@pytest.mark.parametrize("name", [b"authorization", b"x-dev-userid", b"x-dev-anything"])
def test_credentials_reach_the_control_plane_only(name: bytes) -> None:
    assert not reaches_a_pod(name)
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
    for name in ONCE | HOP_BY_HOP | IDENTITY | RESPONSE:
        assert name == name.lower()


@given(id=st.text(), roles=st.lists(st.text(), max_size=5))
def test_caller_is_two_lines_whatever_the_name(id: str, roles: list[str]) -> None:
    lines = stamp(principal(id, id, roles)).split(b"\r\n")
    assert len(lines) == 3
    assert lines[0].startswith(b"X-Mcp-UserId: ")
    assert lines[1].startswith(b"X-Mcp-Roles: ")
    assert lines[2] == b""
    assert all(byte >= 0x20 and byte != 0x7F for line in lines for byte in line)


def test_names_arrive_as_utf8_and_roles_as_a_list() -> None:
    caller = principal("ö b@c.de", "", ["mcp.dev", "a,b", "c"])
    assert stamp(caller) == "X-Mcp-UserId: ö b@c.de\r\nX-Mcp-Roles: mcp.dev,c\r\n".encode()
