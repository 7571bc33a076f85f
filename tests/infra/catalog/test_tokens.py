"""Tokens: how long one is used, and that Azure's own library is asked where a scope says so."""

import asyncio

from gateway.tokens.token import Token
from infra.catalog.plugin.renewal import Identity


class Numbered:
    """Each token has another number, and ends at `expires`."""

    def __init__(self, expires: float | None) -> None:
        self.fetched = 0
        self._expires = expires

    async def fetch(self, *, anew: bool) -> Token:
        """The next one."""
        del anew
        self.fetched += 1
        await asyncio.sleep(0)  # others come in between
        return Token(str(self.fetched), self._expires)

    async def close(self) -> None:
        """Nothing is open."""


async def test_a_token_is_used_until_a_minute_before_its_end() -> None:
    now = 1000.0
    identity = Identity(Numbered(now + 100), {}, clock=lambda: now)
    assert await identity.headers() == {"Authorization": "Bearer 1"}
    now += 39
    assert await identity.headers() == {"Authorization": "Bearer 1"}
    now += 2
    assert await identity.headers() == {"Authorization": "Bearer 2"}


async def test_all_who_ask_at_once_get_one_token() -> None:
    source = Numbered(None)
    identity = Identity(source, {}, clock=lambda: 0.0)
    assert await asyncio.gather(*(identity.headers() for _ in range(5))) == [{"Authorization": "Bearer 1"}] * 5
    refused = {"Authorization": "Bearer 1"}
    assert await asyncio.gather(*(identity.headers(refused) for _ in range(5))) == [{"Authorization": "Bearer 2"}] * 5
    assert source.fetched == 2


async def test_dev_headers_are_never_fetched() -> None:
    identity = Identity(None, {"X-Dev-UserId": "me"})
    assert await identity.headers({"X-Dev-UserId": "me"}) == {"X-Dev-UserId": "me"}
