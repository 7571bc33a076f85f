"""Chatter: how many lines of one kind are worth writing, when whoever causes them may do so a thousand times a second."""

from gateway.rates import Rates

LINES = 200  # that are written one by one …
PER_SECOND = 20  # … and how fast that many may be written again


class Chatter:
    """Of one kind of line. `if chatter.may(): log.info("…%s", …, chatter.more())`."""

    def __init__(self) -> None:
        self._rates = Rates(PER_SECOND, LINES)
        self._unsaid = 0

    def may(self) -> bool:
        """Whether one more may be written; if not, it is counted."""
        if self._rates.take(""):
            self._unsaid += 1
            return False
        return True

    def more(self) -> str:
        """The end of a line: how many before it were not written; empty where none were."""
        unsaid = self.unsaid()
        return f" ({unsaid:,} more before it)" if unsaid else ""

    def unsaid(self) -> int:
        """How many were not written since this was asked last."""
        count, self._unsaid = self._unsaid, 0
        return count
