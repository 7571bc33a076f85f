"""sweep: every ephemeral stack whose time is over is destroyed; one that resists keeps no other from its end."""

from datetime import datetime, timedelta

from infra.ephemeral import expiry
from infra.ephemeral.stacks import Found, Say, StackError, Stacks

_GONE = timedelta(hours=2)  # no step of an `up` takes that long without a change of the state


def sweep(stacks: Stacks, now: datetime, otherwise: timedelta, say: Say) -> list[str]:
    """Those that are still there and should not be. Raises StackError where nothing could be listed; Interrupted."""
    failed: list[str] = []
    found = stacks.all()
    over = [each for each in found if expiry.is_over(now, each.expires, each.last_update, otherwise)]
    say(f"{len(found)} ephemeral stacks, {len(over)} of them over: {', '.join(each.name for each in over) or '–'}")
    for each in over:
        try:
            stacks.destroy(each.name, break_lock=_is_abandoned(each, now))
        except StackError as error:
            say(str(error))
            failed.append(each.name)
    return failed


def _is_abandoned(found: Found, now: datetime) -> bool:
    """Whether a lock on it can be nobody's any more."""
    return found.last_update is None or found.last_update + _GONE < now
