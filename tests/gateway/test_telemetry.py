"""A span is worth its cost only where the caller sampled the trace."""

import pytest

from gateway.telemetry import sampled

_TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-"


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (_TRACE + "01", True),
        (_TRACE + "03", True),
        (_TRACE + "00", False),
        (_TRACE + "zz", False),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_a_trace_is_sampled_only_when_its_flag_says_so(traceparent: str | None, expected: bool) -> None:
    assert sampled(traceparent) is expected
