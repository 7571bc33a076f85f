"""An account as a gateway reaches it, with less patience than in production, so that tests need none."""

import asyncio
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec

from gateway.azure.cosmos.account import Account
from gateway.azure.cosmos.settings import Settings
from gateway.azure.cosmos.store import catalog
from gateway.azure.credentials import credential
from gateway.errors import Unavailable

CATALOG = "/colls/CatalogContainer/docs"
JOURNAL = "/colls/JournalContainer/docs"


class Note(msgspec.Struct, frozen=True):
    """Something with an id."""

    id: str
    text: str = ""


def account(variables: Mapping[str, str], *, answer: float = 4.5, patience: float = 15.0) -> Account:
    """Not connected yet. In seconds: for one answer, and for all attempts of a verb."""
    settings = msgspec.structs.replace(Settings.from_env(variables), answer=answer, patience=patience)
    return Account(settings, lambda: credential(variables))


async def warm(account: Account) -> None:
    """Connected, however long that takes: it goes on while those who asked lose patience."""
    async with asyncio.timeout(30):
        while True:
            try:
                await catalog(account).get("nobody")
                return
            except Unavailable:
                continue


@asynccontextmanager
async def reached(
    variables: Mapping[str, str], *, answer: float = 4.5, patience: float = 15.0
) -> AsyncGenerator[Account]:
    made = account(variables, answer=answer, patience=patience)
    try:
        yield made
    finally:
        await made.close()
