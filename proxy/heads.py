"""Heads of requests to the proxy: what a plain one comes to. How heads are parsed and remembered is `gateway.heads`."""

from gateway import heads
from gateway.heads import Parsed
from proxy.fields import Fields
from proxy.head import RequestHead


class Heads(heads.Heads[RequestHead]):
    """The heads of one server."""

    def __init__(self) -> None:
        super().__init__(_request_head)


def _request_head(parsed: Parsed) -> RequestHead | None:
    if not parsed.target.startswith(b"/"):
        return None
    fields = Fields(tuple(name for name, _ in parsed.lines), tuple(value for _, value in parsed.lines))
    if fields.drops:
        return None
    return RequestHead(
        parsed.method.decode("ascii"),
        parsed.target.decode("utf-8", "surrogateescape"),
        fields,
        keep_alive=parsed.keep_alive,
        varying=parsed.varying,
    )
