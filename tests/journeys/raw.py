"""Bytes to the gateway as no HTTP client would send them, and its answer."""

import asyncio
import http.client
import io
from collections.abc import Iterable
from urllib.parse import urlsplit

from multidict import CIMultiDict, CIMultiDictProxy

from tests.journeys.reply import Reply

SOON = 5.0  # seconds; all that is sent this way is answered without a question to anyone


async def told(url: str, method: str, path: str, lines: Iterable[tuple[str, str]], body: bytes = b"") -> Reply:
    """The answer to a request with these very header lines. Raises TimeoutError where none comes."""
    place = urlsplit(url)
    head = [f"{method} {path} HTTP/1.1", f"Host: {place.netloc}", *(f"{name}: {value}" for name, value in lines)]
    reader, writer = await asyncio.open_connection(place.hostname, place.port)
    try:
        writer.write("\r\n".join([*head, "", ""]).encode() + body)
        async with asyncio.timeout(SOON):
            return await _answer(reader)
    finally:
        writer.close()


async def _answer(reader: asyncio.StreamReader) -> Reply:
    status, _, lines = (await reader.readuntil(b"\r\n\r\n")).partition(b"\r\n")
    headers = CIMultiDict(http.client.parse_headers(io.BytesIO(lines)).items())
    body = await reader.readexactly(int(headers.get("Content-Length", "0")))
    return Reply(int(status.split()[1]), CIMultiDictProxy(headers), body)
