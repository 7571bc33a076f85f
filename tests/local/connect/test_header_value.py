"""Values in headers, against the official SDK's decoder."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from mcp.shared.inbound import decode_header_value

from local.connect.header_value import header_value


@given(st.text())
def test_every_value_arrives_as_it_was_and_is_safe_in_a_header(value: str) -> None:
    sent = header_value(value)
    assert decode_header_value(sent) == value
    assert sent.isascii()
    assert sent.isprintable()
    assert sent == sent.strip()


@pytest.mark.parametrize("value", ["echo", "a b", "file:///x?y=1", "=?base64?", ""])
def test_a_plain_value_stays_readable(value: str) -> None:
    assert header_value(value) == value


@pytest.mark.parametrize("value", ["é", " edge", "edge ", "\t", "a\r\nX: 1", "=?base64?eA==?="])
def test_any_other_value_is_encoded(value: str) -> None:
    assert header_value(value).startswith("=?base64?")
