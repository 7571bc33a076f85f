"""Body: a request's body on its way to a server. Small ones are read whole, large and unmeasured ones pass piece by piece."""

from collections.abc import AsyncIterator

import msgspec

from proxy.limits import check_size
from proxy.pace import Pace
from proxy.request import Request

# Up to here a body is sent together with its head, and can be sent again where a kept connection was dead.
WHOLE = 65_536


class Body(msgspec.Struct, frozen=True):
    """`data` is all of it, unless `rest` yields it. A chunked body stays chunked."""

    chunked: bool = False
    data: bytes = b""
    rest: AsyncIterator[bytes] | None = None

    def together(self) -> bytes:
        """What goes on the wire with the head."""
        return self.data if not self.chunked or self.rest is not None else _chunk(self.data) + _chunk(b"")

    def after(self) -> AsyncIterator[bytes] | None:
        """What goes on the wire after that."""
        return self.rest if self.rest is None or not self.chunked else _chunks(self.rest)


async def read(request: Request, limit: int) -> Body:
    """The body of a request. Raises TooLarge above `limit`, here or from `rest`, and Invalid where it cannot be parsed."""
    length, chunked = request.length, request.head.chunked
    if request.is_whole:
        data = request.here()
        check_size(len(data), limit)
        return Body(chunked, data)
    request.invite()
    rest = _pieces(request, limit)
    if length is not None and length <= WHOLE:
        return Body(data=b"".join([piece async for piece in rest]))
    return Body(chunked, rest=rest)


async def _pieces(request: Request, limit: int) -> AsyncIterator[bytes]:
    """The body as it comes. While a piece is waited for, the sweep may find the client stuck."""
    size, client = 0, request.client
    pace = client.pace = Pace()
    while request.payload is not None and not request.payload.at_eof():
        pace.wait(client.now())
        piece = b""
        try:
            piece = await request.payload.readany()
        finally:
            pace.got(client.now(), len(piece))
        size += len(piece)
        check_size(size, limit)
        if piece:
            yield piece


async def _chunks(pieces: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    async for piece in pieces:
        yield _chunk(piece)
    yield _chunk(b"")


def _chunk(piece: bytes) -> bytes:
    return b"%x\r\n%b\r\n" % (len(piece), piece)
