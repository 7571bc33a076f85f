"""When a stack's time is over: what people write, what tags say, and what happens to a stack that says nothing."""

from datetime import UTC, datetime, timedelta

import pytest

from infra.ephemeral import expiry

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(("text", "hours"), [("90m", 1.5), ("8h", 8), ("2d", 48), ("30d", 720)])
def test_a_time_is_a_number_and_a_unit(text: str, hours: float) -> None:
    assert expiry.duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize("text", ["", "8", "h", "0h", "-1h", "1.5h", "8H", "8h ", "1w", "31d", "99999d"])
def test_what_is_no_time_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="`"):
        expiry.duration(text)


def test_a_moment_is_read_as_it_was_written() -> None:
    assert expiry.read(expiry.written(NOW)) == NOW
    assert expiry.read("") is expiry.read("tomorrow") is None


@pytest.mark.parametrize(
    ("expires", "last_update", "over"),
    [
        (NOW - HOUR, None, True),
        (NOW, NOW, True),
        (NOW + HOUR, NOW - 100 * HOUR, False),  # what it says counts
        (None, NOW - 9 * HOUR, True),
        (None, NOW - 7 * HOUR, False),
        (None, None, False),
    ],
)
def test_a_stack_is_over_when_it_says_so_or_else_some_time_after_its_last_change(
    expires: datetime | None, last_update: datetime | None, *, over: bool
) -> None:
    assert expiry.is_over(NOW, expires, last_update, 8 * HOUR) == over
