"""Heads of requests to the router: what a plain one comes to. How heads are parsed and remembered is `gateway.heads`."""

from multidict import CIMultiDict

from gateway import heads
from gateway.heads import Parsed
from tool_router.head import Head


class Heads(heads.Heads[Head]):
    """The heads of one server."""

    def __init__(self) -> None:
        super().__init__(_head)


def _head(parsed: Parsed) -> Head | None:
    headers = CIMultiDict((_text(name), _text(value)) for name, value in parsed.lines)
    if "Content-Length" in headers:  # one that was not cut out is an unusual one
        return None
    return Head(
        parsed.method.decode("ascii"),
        _text(parsed.target),
        headers,
        keep_alive=parsed.keep_alive,
        varying=tuple(name.lower() for name in parsed.varying),
    )


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")
