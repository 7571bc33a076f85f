"""The async SDKs send through `requests` too, so that what answers the sync ones answers them. In tests only: it patches azure-core.

`responses` does not see aiohttp, and the SDKs hand options to their transport that the one on `requests` does not know.
"""

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

from azure.core.pipeline.transport import AioHttpTransport, AsyncioRequestsTransport

_UNKNOWN = ("read_timeout", "stream", "connection_timeout")


@contextmanager
def through_requests() -> Generator[None]:
    """As long as the block runs."""
    sending = AsyncioRequestsTransport()

    async def send(_: AioHttpTransport, request: Any, **config: Any) -> Any:
        known = {name: value for name, value in config.items() if name not in _UNKNOWN}
        return await sending.send(request, **known)

    original = AioHttpTransport.send
    AioHttpTransport.send = send
    try:
        yield
    finally:
        AioHttpTransport.send = original
        if sending.session is not None:
            sending.session.close()
