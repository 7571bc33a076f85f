"""An HTTP answer that is not 2xx: what the client is told for it, as JSON-RPC and in words."""

import asyncio
from http import HTTPStatus

import aiohttp
import msgspec
from yarl import URL

from local.connect.awaited import Awaited
from local.connect.challenge import Challenge
from local.connect.endpoint import redirection
from local.connect.message import Malformed, one_line, read
from local.connect.options import shown

_LONGEST = 1024 * 1024  # bytes; a refusal that is longer is no JSON-RPC error
_PATIENCE = 10.0  # seconds for the body of a refusal
_CHECK = "check --azure, --token-command or --header Authorization"


class _Problem(msgspec.Struct):
    """RFC 9457, as far as it is for people."""

    detail: str = ""


class Refusal(msgspec.Struct, frozen=True):
    """`why` is for people, in one sentence."""

    status: int
    why: str
    body: bytes = b""

    @classmethod
    async def of(cls, reply: aiohttp.ClientResponse) -> "Refusal":
        """Reads what there is of the body within bounds."""
        try:
            async with asyncio.timeout(_PATIENCE):
                body = await _whole(reply)
        except (TimeoutError, aiohttp.ClientError, OSError):
            body = b""  # the status alone says enough
        return cls(reply.status, _why(reply, body), body)

    def answer(self, awaited: Awaited) -> bytes:
        """The JSON-RPC error that came, where it answers what is awaited; else nothing."""
        try:
            line = one_line(self.body)
            if not any(message.is_response for message in read(line)):
                return b""
            before = len(awaited)
            answer = awaited.take(line)
        except Malformed:
            return b""  # HTML, a problem, nothing: the status speaks
        return answer if len(awaited) < before else b""


async def _whole(reply: aiohttp.ClientResponse) -> bytes:
    parts: list[bytes] = []
    size = 0
    async for chunk in reply.content.iter_any():
        size += len(chunk)
        if size > _LONGEST:
            return b""
        parts.append(chunk)
    return b"".join(parts)


def _why(reply: aiohttp.ClientResponse, body: bytes) -> str:
    if to := redirection(reply):
        return _elsewhere(to, reply.url)
    if reply.status not in (401, 403):
        return _told(reply.status, body)
    challenge = Challenge.of(reply.headers.getall("WWW-Authenticate", []))
    if reply.status == 403:
        words = [_told(403, body), challenge.wish]
    else:
        words = [f"The gateway does not accept the token (401): {_CHECK}.", challenge.why, challenge.wish]
    return " ".join(word for word in words if word)


def _told(status: int, body: bytes) -> str:
    try:
        if detail := msgspec.json.decode(body, type=_Problem).detail:
            return detail
    except (msgspec.DecodeError, RecursionError):
        pass
    return f"The gateway answered {status} {_phrase(status)}".strip() + "."


def _elsewhere(to: URL, url: URL) -> str:
    where = "another origin" if to.origin() != url.origin() else "another place"
    return (
        f"The gateway redirects to {shown(to)}, {where}, which is not followed: give that URL if it is the right one."
    )


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase if status in HTTPStatus else ""
