"""RequestHead: what the head of a request says: the same for the same bytes, whoever sends them and whenever."""

from collections.abc import Sequence

from gateway.telemetry.context import sampled
from gateway.trust import reaches_a_pod
from proxy.fields import Fields
from proxy.routes import Route
from proxy.shape import Shape


class RequestHead:
    """One head. `path` and `query` are as they came, not decoded; `authority` is that of a target in absolute form.

    `varying` are the headers whose values the request has, because each has others; they are not in `fields`.
    `is_framed`: where its body ends is beyond doubt. `cors` are the lines that every answer to a page of its origin carries.
    `place` and `plan` are notes of those who found out before what the head comes to; they say for how long that holds.
    """

    __slots__ = (
        "authority",
        "chunked",
        "cors",
        "fields",
        "http11",
        "is_framed",
        "keep_alive",
        "length",
        "length_at",
        "method",
        "path",
        "place",
        "plan",
        "query",
        "sampled",
        "target",
        "trace_at",
        "varying",
        "version",
    )

    def __init__(
        self,
        method: str,
        target: str,
        fields: Fields,
        *,
        version: tuple[int, int] = (1, 1),
        keep_alive: bool = True,
        chunked: bool = False,
        varying: Sequence[bytes] = (),
    ) -> None:
        self.method = method
        self.authority = b""
        if not target.startswith("/"):
            self.authority, target = _absolute(target)
        self.target = target
        self.path, _, self.query = target.partition("?")
        self.fields = fields
        self.version = version
        self.http11 = version == (1, 1)
        self.keep_alive = keep_alive
        self.chunked = chunked
        coding = fields.once.get(b"transfer-encoding")
        self.is_framed = coding is None or (coding.lower() == b"chunked" and self.http11)
        length = fields.once.get(b"content-length")
        self.length = None if length is None else int(length)  # the parser has seen to it that it is a number
        self.varying = Shape(varying, lambda name: name == b"content-length" or reaches_a_pod(name))
        self.length_at = next(iter(self.varying.where(b"content-length")), -1)
        self.trace_at = next(iter(self.varying.where(b"traceparent")), -1)
        self.sampled = fields.count(b"traceparent") == 1 and sampled(fields.get("traceparent"))
        self.cors = b""
        self.place: Route | None = None
        self.plan: object = None  # a Plan; heads know nothing of plans


def _absolute(target: str) -> tuple[bytes, str]:
    """Authority and target of `http://authority/path` (RFC 9112 §3.2.2: servers must take it)."""
    scheme, _, rest = target.partition("://")
    if scheme.lower() not in ("http", "https"):
        return b"", target
    authority, slash, path = rest.partition("/")
    return authority.encode("utf-8", "surrogateescape"), slash + path
