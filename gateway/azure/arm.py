"""Arm: Azure Resource Manager on aiohttp, in the few verbs that are needed. Not an SDK; knows no resource.

https://learn.microsoft.com/rest/api/azure/ says what answers mean. It also puts and reads the blobs whose addresses
Resource Manager hands out, to which the token is never sent.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager
from types import TracebackType
from typing import Self

import msgspec
from aiohttp import ClientError, ClientResponse, ClientSession, ClientTimeout, DummyCookieJar
from multidict import CIMultiDict
from yarl import URL

from gateway.azure.arm_error import ArmError, Forbidden, Unexpected, Unreachable

ENDPOINT = "https://management.azure.com"
SCOPE = "https://management.azure.com/.default"  # what `Token` is asked for by whoever makes one

type Token = Callable[[], Awaitable[str]]  # asked before each request: it remembers, and renews in time
type _Ask = Callable[[ClientSession], AbstractAsyncContextManager[ClientResponse]]

_TIMEOUT = ClientTimeout(total=600, sock_connect=15, sock_read=120)  # seconds; an archive is sent within the first
_PASSING = (408, 429, 500, 502, 503, 504)
_ATTEMPTS = 5
_LONGEST_WAIT = 60.0  # seconds, whatever Retry-After says
_SAID = 500  # characters of an error


class Reply(msgspec.Struct, frozen=True):
    """The whole of an answer."""

    status: int
    headers: CIMultiDict[str]
    body: bytes


class _Error(msgspec.Struct):
    code: str | None = ""
    message: str | None = ""


class _Refusal(msgspec.Struct):
    error: _Error = msgspec.field(default_factory=_Error)


class _Page(msgspec.Struct, rename="camel"):
    value: list[msgspec.Raw] = []
    next_link: str | None = None


def decoded[Wanted](body: bytes | msgspec.Raw, kind: type[Wanted], asked: str) -> Wanted:
    """What Azure answered when it was asked that, as far as it is read here. Raises Unexpected."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.MsgspecError as error:
        raise Unexpected(asked, str(error)) from error


class Arm:
    """`async with Arm(token) as arm:` one session. `first_wait` (seconds) before the second attempt; it doubles.

    `path` begins with `/`. All raise ArmError: Forbidden, Unreachable, Unexpected where it is one of these.
    """

    def __init__(self, token: Token, endpoint: str = ENDPOINT, first_wait: float = 1.0) -> None:
        self._token = token
        self._endpoint = endpoint.rstrip("/")
        self._first_wait = first_wait
        self._opened: ClientSession | None = None

    async def __aenter__(self) -> Self:
        self._opened = ClientSession(timeout=_TIMEOUT, cookie_jar=DummyCookieJar(), trust_env=True)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._opened is not None:
            await self._opened.close()

    async def get[Wanted](self, path: str, version: str, kind: type[Wanted]) -> Wanted:
        """What has to be there."""
        reply = await self._asked("GET", self._at(path), {"api-version": version})
        return decoded(reply.body, kind, f"GET {path}")

    async def find[Wanted](self, path: str, version: str, kind: type[Wanted]) -> Wanted | None:
        """What may be there: None where it is not."""
        try:
            return await self.get(path, version, kind)
        except ArmError as error:
            if error.status != 404:
                raise
            return None

    async def all[Item](
        self, path: str, version: str, kind: type[Item], query: Mapping[str, str] | None = None
    ) -> AsyncIterator[Item]:
        """What is in a list, over all its pages."""
        following, params = self._at(path), {"api-version": version, **(query or {})}
        while following:
            page = decoded((await self._asked("GET", following, params)).body, _Page, f"GET {path}")
            for each in page.value:
                yield decoded(each, kind, f"GET {path}")
            # The address of a next page says its version, and everything else, itself.
            following, params = self._next(page, path), {}

    async def post(self, path: str, version: str, body: object = None) -> Reply:
        """JSON. Asked again where Azure was busy: a run that is begun twice builds the same thing twice."""
        sent = b"" if body is None else msgspec.json.encode(body)
        return await self._asked("POST", self._at(path), {"api-version": version}, sent)

    async def put(self, path: str, version: str, body: object) -> Reply:
        """JSON. Twice is once."""
        return await self._asked("PUT", self._at(path), {"api-version": version}, msgspec.json.encode(body))

    async def blob(
        self, what: str, method: str, url: str, headers: Mapping[str, str], body: bytes | None = None
    ) -> Reply:
        """At an address that carries its own right; `what` stands for it in errors. Any status is an answer."""
        return await self._attempted(what, lambda session: session.request(method, url, headers=headers, data=body))

    def _at(self, path: str) -> URL:
        return URL(self._endpoint + path)

    def _next(self, page: _Page, path: str) -> URL | None:
        """Only at the endpoint: the token goes nowhere else."""
        if not page.next_link:
            return None
        try:
            link = URL(page.next_link)
            if link.origin() == URL(self._endpoint).origin():
                return link
        except ValueError:  # no address at all
            pass
        raise Unexpected(f"GET {path}", "the next page is elsewhere")

    async def _asked(self, method: str, url: URL, params: Mapping[str, str], body: bytes | None = None) -> Reply:
        headers = {"Authorization": f"Bearer {await self._token()}", "Accept": "application/json"}
        if body:
            headers["Content-Type"] = "application/json"
        asked = f"{method} {url.path}"
        reply = await self._attempted(
            asked,
            lambda session: session.request(
                method, url, params=params, headers=headers, data=body, allow_redirects=False
            ),
        )
        if reply.status >= 300:
            raise _refused(asked, reply)
        return reply

    async def _attempted(self, asked: str, ask: _Ask) -> Reply:
        """What passes is waited for; the last attempt's answer is the answer."""
        assert self._opened is not None, "an Arm is open while its block runs"
        wait = self._first_wait
        for left in reversed(range(_ATTEMPTS)):
            try:
                async with ask(self._opened) as response:
                    reply = Reply(response.status, CIMultiDict(response.headers), await response.read())
                if reply.status not in _PASSING or not left:
                    return reply
            except (ClientError, OSError) as error:  # TimeoutError is an OSError
                if not left:
                    raise Unreachable(asked, _without_query(error), code=type(error).__name__) from None
                reply = None
            await asyncio.sleep(min(_LONGEST_WAIT, max(wait, _retry_after(reply))))
            wait *= 2
        raise AssertionError("the last attempt returns or raises")


def _retry_after(reply: Reply | None) -> float:
    said = reply.headers.get("Retry-After", "") if reply else ""
    return float(said) if said.isascii() and said.isdigit() else 0.0


def _without_query(error: BaseException) -> str:
    """An address in a message may carry a right in its query."""
    return str(error).partition("?")[0][:_SAID]


def _refused(asked: str, reply: Reply) -> ArmError:
    try:
        said = msgspec.json.decode(reply.body, type=_Refusal).error
    except msgspec.MsgspecError:
        said = _Error(message=reply.body.decode("utf-8", "replace"))
    message = " ".join((said.message or "").split())[:_SAID]
    kind = Forbidden if reply.status in (401, 403) else ArmError
    return kind(asked, message, status=reply.status, code=said.code or "")
