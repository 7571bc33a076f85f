"""No name of ours passes from outside, none of the client's secrets passes to a pod, and a stamp is two lines whatever the caller."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.identity import principal
from gateway.trust import reaches_a_pod, reaches_the_client, reaches_the_control_plane, stamp

_OURS = [b"x-mcp-userid", b"x-mcp-roles", b"x-mcp-username", b"x-gateway-secret"]
_HOPS = [b"connection", b"keep-alive", b"te", b"trailer", b"transfer-encoding", b"upgrade", b"proxy-authorization"]


@pytest.mark.parametrize("name", [*_OURS, *_HOPS, b"forwarded", b"x-forwarded-for", b"x-forwarded-host", b"x-real-ip"])
def test_trust_and_connection_headers_pass_nowhere(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_control_plane(name)


@pytest.mark.parametrize("name", [b"authorization", b"x-dev-userid", b"x-dev-name", b"x-dev-roles"])
def test_what_the_caller_proves_identity_with_reaches_the_control_plane_and_no_pod(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert reaches_the_control_plane(name)


@pytest.mark.parametrize("name", [b"cookie", b"origin", b"host"])
def test_what_belongs_to_the_edge_stays_there(name: bytes) -> None:
    assert not reaches_a_pod(name)
    assert not reaches_the_control_plane(name)


@pytest.mark.parametrize(
    "name",
    [b"accept", b"content-type", b"mcp-name", b"mcp-param-region", b"last-event-id", b"traceparent", b"x-custom"],
)
def test_everything_else_reaches_a_pod(name: bytes) -> None:
    assert reaches_a_pod(name)


@pytest.mark.parametrize(
    "name", [b"set-cookie", b"www-authenticate", b"location", b"link", b"server", b"access-control-allow-origin", b"x"]
)
def test_a_pod_says_nothing_to_the_client_that_is_not_on_the_list(name: bytes) -> None:
    assert not reaches_the_client(name)


@pytest.mark.parametrize(
    "name", [b"content-type", b"cache-control", b"retry-after", b"mcp-session-id", b"mcp-anything"]
)
def test_content_caching_and_mcp_headers_reach_the_client(name: bytes) -> None:
    assert reaches_the_client(name)


@given(id=st.text(min_size=1), roles=st.lists(st.text()))
def test_a_stamp_is_two_header_lines_whoever_calls(id: str, roles: list[str]) -> None:
    lines = stamp(principal(id, id, roles)).split(b"\r\n")
    assert [line.partition(b": ")[0] for line in lines] == [b"X-Mcp-UserId", b"X-Mcp-Roles", b""]
    assert not any(byte < 0x20 or byte == 0x7F for line in lines for byte in line)


def test_a_role_that_a_list_could_not_carry_is_left_out() -> None:
    assert b"X-Mcp-Roles: a,b\r\n" in stamp(principal("u", "u", ["a", "x,mcp.admin", "b"]))


def test_bytes_of_a_user_id_arrive_as_they_came() -> None:
    assert b"X-Mcp-UserId: a b@c.de\r\n" in stamp(principal("a b@c.de", "", []))
    assert b"X-Mcp-UserId: \xc3\xa9\xff\r\n" in stamp(principal("\u00e9\udcff", "", []))
