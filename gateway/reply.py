"""What a reply is on its way from an instance to whoever asked, and how asking can fail. Moves no bytes: `gateway.upstream` does."""

from typing import Literal, Protocol

import msgspec

from gateway.errors import BadUpstream

type Framing = Literal["length", "chunked", "end", "none"]


class NotConnected(BadUpstream):
    """No connection could be made: nothing was sent, so another instance may be asked."""


class Broken(BadUpstream):
    """The connection ended before the reply was complete. Whether the request was carried out, nobody knows."""


class Head(msgspec.Struct, gc=False):
    """The head of a final reply, names and values as they came. `framing` `end`: the body lasts until the connection closes."""

    status: int
    reason: bytes
    names: tuple[bytes, ...]
    values: tuple[bytes, ...]
    framing: Framing

    def get(self, name: bytes) -> bytes | None:
        """The first value of a header of that lower-case name, without surrounding white space."""
        return next((self.values[at].strip() for at, key in enumerate(self.names) if key.lower() == name), None)


class Source(Protocol):
    """Where a reply comes from, so that a slow receiver can hold it up."""

    def pause(self) -> None:
        """Stops reading; what was read already is told nevertheless."""
        ...

    def resume(self) -> None:
        """Reads on."""
        ...


class Receiver(Protocol):
    """What becomes of one reply. Called in the event loop, never from within the parser."""

    def begin(self, source: Source) -> None:
        """The request is being sent. Again, with another source, where a kept connection turned out to be dead."""
        ...

    def received(self, head: Head | None, body: bytes, complete: bool) -> None:
        """What arrived together: the head (once), a piece of the body (maybe empty), and whether that was the end.

        A GatewayError raised here cuts the connection and ends the exchange with that error.
        """
        ...
