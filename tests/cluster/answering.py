"""Answering: waits until what was rolled out can be reached: a ready pod is a moment ahead of the rules that lead to its Service."""

import time
import urllib.error
import urllib.request

_PATIENCE = 60.0  # seconds
_IN_A_ROW = 8  # each on a connection of its own: so that every proxy was met, all but surely
_PAUSE = 0.1


def until_answering(url: str) -> None:
    """Returns once the control plane answers through the front door, whatever it says. Raises AssertionError."""
    deadline = time.monotonic() + _PATIENCE
    answered = 0
    while answered < _IN_A_ROW:
        assert time.monotonic() < deadline, f"{url} does not lead to the control plane"
        answered = answered + 1 if _is_answered(f"{url}/adapters?limit=1") else 0
        if not answered:
            time.sleep(_PAUSE)  # asked again: nothing tells when the rules are in place


def _is_answered(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        return error.code < 500
    except OSError:
        return False
