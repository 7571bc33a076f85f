"""When keys are fetched, and when not. The issuer is in this process, and answers when the test lets it."""

import asyncio
import logging

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey

from gateway.errors import Unavailable
from gateway.oidc.key_set import PAUSE, STALE, KeySet
from gateway.oidc.keys import Keys
from gateway.oidc.provider import NoKeys
from tests.fakes.identity_provider import IdentityProvider, new_key
from tests.gateway.oidc.desk import Clock


class Issuer:
    """A Source. While `open` is not set, a fetch takes its time."""

    issuer = "https://issuer.example"

    def __init__(self, **keys: RSAPublicKey) -> None:
        self.keys: Keys = keys
        self.fetches = 0
        self.open = asyncio.Event()
        self.open.set()

    async def fetch(self) -> Keys:
        self.fetches += 1
        await self.open.wait()
        if not self.keys:
            raise NoKeys("out of order")
        return self.keys


class Kept:
    """A KeySet over an issuer with the key `a`, and how often a key was withdrawn."""

    def __init__(self, key: RSAPublicKey) -> None:
        self.issuer = Issuer(a=key)
        self.clock = Clock()
        self.withdrawn: list[None] = []
        self.set = KeySet(self.issuer, lambda: self.withdrawn.append(None), self.clock)


@pytest.fixture
def kept(idp: IdentityProvider) -> Kept:
    return Kept(idp.key.public_key())


async def fetched(kept: Kept, times: int) -> None:
    """Returns once that many fetches have begun, and whoever was ready has had a turn after."""
    async with asyncio.timeout(5):
        while kept.issuer.fetches < times:
            await asyncio.sleep(0)
    for _ in range(10):
        await asyncio.sleep(0)


async def test_nothing_is_fetched_before_somebody_asks(kept: Kept) -> None:
    assert kept.issuer.fetches == 0
    assert await kept.set.key("a")
    assert await kept.set.key("a")
    assert kept.issuer.fetches == 1


async def test_keys_older_than_an_hour_are_fetched_anew_and_nobody_waits(kept: Kept) -> None:
    await kept.set.key("a")
    kept.clock.now += STALE + 1
    kept.issuer.open.clear()
    assert await kept.set.key("a")
    assert await kept.set.key("a")
    await fetched(kept, 2)
    kept.issuer.open.set()
    await fetched(kept, 2)
    assert await kept.set.key("a")
    assert kept.issuer.fetches == 2


async def test_a_caller_who_leaves_does_not_end_the_fetch_that_others_wait_for(kept: Kept) -> None:
    kept.issuer.open.clear()
    impatient, patient = asyncio.create_task(kept.set.key("a")), asyncio.create_task(kept.set.key("a"))
    await fetched(kept, 1)
    impatient.cancel()
    await asyncio.wait([impatient])
    kept.issuer.open.set()
    assert await patient
    assert kept.issuer.fetches == 1


async def test_a_failed_fetch_is_not_repeated_for_a_while_either(kept: Kept, caplog: pytest.LogCaptureFixture) -> None:
    key, kept.issuer.keys = kept.issuer.keys, {}
    with caplog.at_level(logging.INFO):
        for _ in range(3):
            with pytest.raises(Unavailable):
                await kept.set.key("a")
        kept.clock.now += PAUSE
        with pytest.raises(Unavailable):
            await kept.set.key("a")
        assert kept.issuer.fetches == 2
        kept.issuer.keys = key
        kept.clock.now += PAUSE
        assert await kept.set.key("a")
    assert [record.levelname for record in caplog.records] == ["WARNING", "INFO"]  # when it begins, and when it is over


async def test_the_last_good_keys_are_kept_while_there_are_no_others(kept: Kept) -> None:
    await kept.set.key("a")
    kept.issuer.keys = {}
    kept.clock.now += 30 * 86_400
    assert await kept.set.key("a")
    await fetched(kept, 2)
    assert await kept.set.key("a")
    assert await kept.set.key("b") is None
    assert not kept.withdrawn


async def test_a_key_more_withdraws_nothing_and_a_key_less_or_another_does(kept: Kept) -> None:
    key, other = kept.issuer.keys["a"], new_key().public_key()
    await kept.set.key("a")
    for keys, times in (({"a": key, "b": other}, 0), ({"a": other, "b": other}, 1), ({"b": other}, 2)):
        kept.issuer.keys = keys
        kept.clock.now += PAUSE
        await kept.set.key("unknown")
        assert len(kept.withdrawn) == times
    assert await kept.set.key("a") is None
