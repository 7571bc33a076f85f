"""Every implementation of Catalog, with the side that feeds it: what a test shows there must be seen here."""

from collections.abc import AsyncGenerator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gateway.card import card_of
from gateway.catalog import Catalog, Instance
from gateway.records import Record, kind_of
from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.ports import Ports
from local.supervisor import Supervisor
from tests.local.tiny.images import IMAGES


class CatalogRig(msgspec.Struct):
    """`show` makes a record known, with the number of instances it asks for; `drop` makes its name unknown."""

    catalog: Catalog
    show: Callable[[Record], Awaitable[None]]
    drop: Callable[[Record], Awaitable[None]]


@asynccontextmanager
async def view(folder: Path) -> AsyncGenerator[CatalogRig]:
    del folder
    catalog = View(synced=True)

    async def show(record: Record) -> None:
        catalog.put_card(card_of(record))
        instances = [Instance(f"{record.uid}-{n}", "127.0.0.1", 20000 + n) for n in range(record.replica_count)]
        catalog.put_instances(kind_of(record), record.name, instances)

    async def drop(record: Record) -> None:
        catalog.drop(kind_of(record), record.name)

    yield CatalogRig(catalog, show, drop)


@asynccontextmanager
async def supervised(folder: Path) -> AsyncGenerator[CatalogRig]:
    home = Home.prepared(folder / "home")
    catalog = View(synced=True)
    supervisor = Supervisor(home, catalog, Ports())
    deployer = LocalDeployer(supervisor, catalog, IMAGES, home)

    async def drop(record: Record) -> None:
        await deployer.remove(kind_of(record), record.name, record.uid)

    yield CatalogRig(catalog, deployer.apply, drop)
    await supervisor.close()


CATALOGS = [view, supervised]
