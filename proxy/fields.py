"""Fields: the header lines of a request: what decides, what goes on to a pod, what is wrong. Pure."""

from collections.abc import Sequence
from functools import lru_cache

from gateway.errors import HeadersTooLarge, Invalid
from gateway.trust import ONCE, reaches_a_pod, reaches_the_router
from proxy.shape import Shape, Values, pick

LIMIT = 65_536  # bytes of all header lines together

# The dates of the handshake; every other revision is of the later, sessionless kind (reference/mcp.md §1.8).
HANDSHAKE = frozenset({b"2024-11-05", b"2025-03-26", b"2025-06-18", b"2025-11-25"})
# What a server learns from us: its own session id, written anew.
_SESSION = b"mcp-session-id"
_USUAL = (b"keep-alive", b"close")


class Ambiguous(Invalid):
    """A header that would be read one way here and another way behind us."""


class Fields:
    """The lines of one request. Fits gateway.identity.Headers.

    `once`: the headers that decide, by lower-case name. `modern`: the request is of a revision without sessions.
    """

    __slots__ = ("_asked", "_shape", "modern", "names", "once", "values")

    def __init__(self, names: tuple[bytes, ...], values: Values) -> None:
        """Values come without white space around them."""
        shape = self._shape = _shape(names)
        self.names = names
        self.values: Values = values
        self.once: dict[bytes, bytes] = dict(zip(shape.once, shape.pick_once(values), strict=True))
        self._asked: dict[str, str | None] = {}  # every request of this head asks the same again
        version = self.once.get(b"mcp-protocol-version")
        self.modern = version is not None and version not in HANDSHAKE

    def get(self, key: str, default: str | None = None, /) -> str | None:
        """The first value of a header, decoded as UTF-8 with surrogate escapes."""
        try:
            value = self._asked[key]
        except KeyError:
            value = self._asked[key] = self._find(key.lower().encode())
        return default if value is None else value

    def count(self, name: bytes) -> int:
        """How often a header of that lower-case name was given."""
        return len(self._shape.where(name))

    def pairs(self) -> list[tuple[bytes, bytes]]:
        """Every line."""
        return list(zip(self.names, self.values, strict=True))

    @property
    def drops(self) -> bool:
        """Whether `Connection` lists more than how it is to be kept."""
        return any(self.values[at].lower() not in _USUAL for at in self._shape.connections)

    def check(self) -> None:
        """Raises what is wrong with the lines: HeadersTooLarge, Ambiguous."""
        shape = self._shape
        if shape.fault is not None:
            name, what = shape.fault
            raise Ambiguous(f"{name}: {what}.", field=name)
        if shape.size + sum(map(len, self.values)) > LIMIT:
            raise HeadersTooLarge(f"The header lines may have {LIMIT:,} bytes together.")
        if self.drops:
            self._drop_listed(shape)

    def lines(self) -> bytes:
        """The lines that may reach a pod, as they came. After `check`."""
        return self._shape.lines(self.values)

    def lines_within(self) -> bytes:
        """The lines that may reach the tool router. After `check`."""
        return self._shape.within().lines(self.values)

    def _find(self, name: bytes) -> str | None:
        for at in self._shape.where(name):
            return self.values[at].decode("utf-8", "surrogateescape")
        return None

    def _drop_listed(self, shape: "_RequestShape") -> None:
        """Removes what `Connection` calls its own (RFC 9110 §7.6.1). What decides it may not call its own."""
        listed = {name.strip() for at in shape.connections for name in self.values[at].lower().split(b",")}
        if taken := {name for name in listed if name in ONCE or name.startswith(b"mcp-")}:
            raise Ambiguous(f"Connection: may not list `{min(taken).decode()}`.", field="connection")
        kept = [at for at, name in enumerate(shape.names) if name not in listed]
        self.names = tuple(self.names[at] for at in kept)
        self.values = [self.values[at] for at in kept]
        self._shape = _shape(self.names)
        self._asked.clear()


class _RequestShape(Shape):
    """What the names of a request's headers mean."""

    __slots__ = ("_within", "connections", "fault", "once", "pick_once", "size")

    def __init__(self, names: Sequence[bytes]) -> None:
        super().__init__(names, lambda name: name != _SESSION and reaches_a_pod(name))
        deciding = [at for at, name in enumerate(self.names) if name in ONCE]
        self.once = tuple(self.names[at] for at in deciding)
        self.pick_once = pick(deciding)
        self.connections = self.where(b"connection")
        self.size = sum(map(len, names))
        self.fault = self._fault()
        self._within: Shape | None = None  # few heads go to both

    def within(self) -> Shape:
        """The same for the tool router."""
        found = self._within
        if found is None:
            found = self._within = Shape(self.names, lambda name: name != _SESSION and reaches_the_router(name))
        return found

    def _fault(self) -> tuple[str, str] | None:
        """Which name is wrong, and how."""
        for name in self.names:
            if b"_" in name:  # `X_Mcp_UserId` is `X-Mcp-UserId` to servers that speak CGI or WSGI
                return name.decode("ascii", "replace")[:64], "header names with `_` are not accepted"
        for name in self.once:
            if self.once.count(name) > 1:
                return name.decode(), "may be given once"
        return None


def _shape(names: tuple[bytes, ...]) -> _RequestShape:
    # A stranger's long heads shall not fill the memory with shapes.
    return _known(names) if sum(map(len, names)) <= 1024 else _RequestShape(names)


@lru_cache(maxsize=1024)
def _known(names: tuple[bytes, ...]) -> _RequestShape:
    return _RequestShape(names)
