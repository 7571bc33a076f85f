"""When a stack's time is over. Pure: knows the time only as it is told."""

import re
from datetime import UTC, datetime, timedelta

TAG = "mcp-gateway:expires"  # of the stack
_UNITS = {"m": 60, "h": 3600, "d": 86400}
_LONGEST = timedelta(days=30)


def duration(text: str) -> timedelta:
    """`90m`, `8h`, `2d`. Raises ValueError."""
    found = re.fullmatch(r"([1-9][0-9]{0,4})([mhd])", text)
    if not found:
        raise ValueError(f"`{text}` is not a time such as 90m, 8h or 2d")
    span = timedelta(seconds=int(found[1]) * _UNITS[found[2]])
    if span > _LONGEST:
        raise ValueError(f"`{text}` is more than {_LONGEST.days} days: that is no ephemeral stack")
    return span


def written(moment: datetime) -> str:
    """As tags have it."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%MZ")


def read(text: str) -> datetime | None:
    """None where it is no time of ours."""
    try:
        return datetime.strptime(text, "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
    except ValueError:
        return None


def is_over(now: datetime, expires: datetime | None, last_update: datetime | None, otherwise: timedelta) -> bool:
    """A stack that does not say (its `up` was killed early) lives for `otherwise` from its last change.

    One that was never changed holds nothing, and may be about to: it is left alone.
    """
    if expires is None and last_update is not None:
        expires = last_update + otherwise
    return expires is not None and expires <= now
