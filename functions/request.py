"""Request: what the platform hands a function, with types. Nothing is interpreted here; that is `reading`."""

from collections.abc import Mapping
from typing import cast

import msgspec
from azure.functions import HttpRequest

from gateway.identity import Headers


class Request(msgspec.Struct, frozen=True):
    """Header names are case-insensitive; several values of one header or parameter are one text with commas."""

    method: str
    path: str
    headers: Headers
    query: Mapping[str, str]
    route: Mapping[str, str]
    body: bytes


def received(request: HttpRequest) -> Request:
    """The platform's request as ours."""
    return Request(
        method=request.method,
        path=request.url.partition("?")[0],
        headers=cast("Headers", request.headers),
        query=request.params,
        route=request.route_params,
        body=request.get_body(),
    )
