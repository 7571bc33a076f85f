"""Fetching keys: what a document must say, and what a provider may do to us."""

import asyncio
import socket
from collections.abc import AsyncGenerator

import msgspec
import pytest

from gateway.oidc import provider
from gateway.oidc.audiences import Audiences
from gateway.oidc.profile import Profile
from gateway.oidc.provider import NoKeys, Provider
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.identity_provider_http import Answer, Asked


def at(issuer: str, seconds: float = provider.SECONDS) -> Provider:
    return Provider(Profile(issuer, Audiences([], "https://gateway.example"), {issuer: ""}), seconds=seconds)


async def test_the_keys_that_the_document_names_are_fetched(changing: IdentityProvider) -> None:
    assert set(await at(changing.issuer).fetch()) == {"key-1"}
    assert set(await at(changing.realm).fetch()) == {"key-1"}


async def test_a_document_of_another_issuer_is_not_believed(changing: IdentityProvider) -> None:
    changing.documents[changing.realm]["issuer"] = f"{changing.realm}/"
    with pytest.raises(NoKeys, match="speaks for"):
        await at(changing.realm).fetch()
    assert changing.fetches == 0


@pytest.mark.parametrize("uri", ["http://keys.example/", "ftp://127.0.0.1/", "/realm/keys", "", "http://a@127.0.0.1/"])
async def test_keys_are_not_fetched_from_where_anybody_could_answer(changing: IdentityProvider, uri: str) -> None:
    changing.documents[changing.realm]["jwks_uri"] = uri
    with pytest.raises(NoKeys, match="not https"):
        await at(changing.realm).fetch()


@pytest.mark.parametrize("where", ["document", "keys"])
async def test_a_redirect_is_not_followed(changing: IdentityProvider, where: str) -> None:
    path = {"document": "/realm/.well-known/openid-configuration", "keys": "/realm/keys"}[where]
    answered = changing.routes["GET", path]
    changing.routes["GET", "/elsewhere"] = answered
    changing.routes["GET", path] = lambda _: Answer(302, b"", {"Location": f"{changing.url}/elsewhere"})
    with pytest.raises(NoKeys, match="answered 302"):
        await at(changing.realm).fetch()


async def test_a_document_without_end_is_cut_off(changing: IdentityProvider) -> None:
    def endless(_: Asked) -> Answer:
        return Answer(200, b" " * (provider.SIZE + 1))

    changing.routes["GET", "/realm/keys"] = endless
    with pytest.raises(NoKeys, match="longer than"):
        await at(changing.realm).fetch()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b"{}", b'{"keys":[]}', b"\xff\xfe", b"[" * 100_000])
async def test_what_is_no_key_set_is_no_keys(changing: IdentityProvider, body: bytes) -> None:
    changing.routes["GET", "/realm/keys"] = lambda _: Answer(200, body)
    with pytest.raises(NoKeys):
        await at(changing.realm).fetch()


async def test_a_provider_that_is_out_or_not_there_is_no_keys(changing: IdentityProvider) -> None:
    changing.is_out = True
    with pytest.raises(NoKeys, match="503"):
        await at(changing.realm).fetch()
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        with pytest.raises(NoKeys, match="Cannot connect"):
            await at(f"http://127.0.0.1:{nobody.getsockname()[1]}").fetch()


@pytest.fixture
async def silent() -> AsyncGenerator[str]:
    """Takes connections and says nothing."""
    writers: list[asyncio.StreamWriter] = []

    async def take(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writers.append(writer)

    async with await asyncio.start_server(take, "127.0.0.1", 0) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        for writer in writers:
            writer.close()


async def test_a_provider_that_says_nothing_is_given_up(silent: str) -> None:
    with pytest.raises(NoKeys, match="Timeout"):
        await at(silent, seconds=0.05).fetch()


async def test_what_a_document_says_is_cut_short_in_the_log(changing: IdentityProvider) -> None:
    changing.documents[changing.realm]["issuer"] = "https://x/" + "\n" * 100_000
    with pytest.raises(NoKeys) as refused:
        await at(changing.realm).fetch()
    assert len(str(refused.value)) < 1000
    assert "\n" not in str(refused.value)
    assert msgspec.json.encode(str(refused.value))
