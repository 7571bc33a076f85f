"""Shape: what the names of a head mean, found out once. Clients send the same names again and again, with other values.

Pure. What may pass whom is `gateway.trust`'s to say, what is wrong with a head `fields`' and `relay`'s.
"""

from collections.abc import Callable, Sequence
from operator import itemgetter

type Values = Sequence[bytes]
type Pick = Callable[[Values], tuple[bytes, ...]]


class Shape:
    """Where the headers of some names stand, and how to write those lines that pass."""

    __slots__ = ("_pick", "_template", "names")

    def __init__(self, names: Sequence[bytes], passes: Callable[[bytes], bool]) -> None:
        """`passes` is asked with lower-case names."""
        self.names = tuple(name.lower() for name in names)
        passing = [at for at, name in enumerate(self.names) if passes(name)]
        self._pick = pick(passing)
        self._template = b"".join(names[at].replace(b"%", b"%%") + b": %b\r\n" for at in passing)

    def lines(self, values: Values) -> bytes:
        """The header lines that pass, as they came."""
        return self._template % self._pick(values)

    def where(self, name: bytes) -> list[int]:
        """The places of a lower-case name."""
        return [at for at, other in enumerate(self.names) if other == name]


def pick(places: Sequence[int]) -> Pick:
    """A function that takes the values of some places."""
    if len(places) > 1:
        return itemgetter(*places)
    if places:
        only = places[0]
        return lambda values: (values[only],)
    return lambda values: ()
