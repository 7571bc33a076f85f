"""Order: what the journal of the stand-ins says came before what."""

from collections.abc import Sequence

import msgspec

from tests.infra.standins.state import Event


class Order(msgspec.Struct, frozen=True):
    """`events` of one update, in order."""

    events: Sequence[Event]

    def of(self, verb: str, type: str, name: str = "") -> list[int]:
        """Where resources of that type, and of that name at the end of their ids, come."""
        return [
            place
            for place, event in enumerate(self.events)
            if event.verb == verb and event.type == type and f"/{event.id}".endswith(f"/{name}" if name else "")
        ]

    def assert_before(self, first: list[int], then: list[int]) -> None:
        """Every one of the first comes before every one of the others, and there are some of both. Raises AssertionError."""
        assert first, "the first never came"
        assert then, "the second never came"
        assert max(first) < min(then), [self.events[place] for place in (max(first), min(then))]
