"""A span is worth its cost only where the caller sampled the trace (W3C Trace Context)."""

import pytest

from gateway.telemetry.context import Context, context, sampled

_ID, _PARENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
_TRACE = f"00-{_ID}-{_PARENT}-"


@pytest.mark.parametrize(
    ("traceparent", "expected"),
    [
        (_TRACE + "01", True),
        (_TRACE + "03", True),
        (f"cc-{_ID}-{_PARENT}-01-what-comes-later", True),
        (_TRACE + "00", False),
        (_TRACE + "02", False),
        (_TRACE + "zz", False),
        (_TRACE + "01-more", False),
        (_TRACE + "01\n", False),
        (f"ff-{_ID}-{_PARENT}-01", False),
        (f"00-{'0' * 32}-{_PARENT}-01", False),
        (f"00-{_ID}-{'0' * 16}-01", False),
        (_TRACE.upper() + "01", False),
        ("nonsense", False),
        ("", False),
        (None, False),
    ],
)
def test_a_trace_is_sampled_only_when_its_flag_says_so(traceparent: str | None, expected: bool) -> None:
    assert sampled(traceparent) is expected
    assert context(traceparent) == (Context(_ID, _PARENT) if expected else None)


@pytest.mark.parametrize(("state", "kept"), [("a=1,b=2", "a=1,b=2"), ("é", ""), ("x" * 513, ""), (None, "")])
def test_state_of_a_trace_is_kept_if_it_can_be_one(state: str | None, kept: str) -> None:
    assert context(_TRACE + "01", state) == Context(_ID, _PARENT, kept)
