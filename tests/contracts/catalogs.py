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
from tests.gateway.cluster.api_server import api_server
from tests.gateway.cluster.fast import following, synced
from tests.gateway.cluster.world import World, pod
from tests.local.tiny.images import IMAGES
from tests.local.waiting import holds


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


@asynccontextmanager
async def clustered(folder: Path) -> AsyncGenerator[CatalogRig]:
    del folder
    async with api_server() as server, following(server, {"adapter", "tool"}) as catalog:
        world = World(server)
        await synced(catalog)

        async def show(record: Record) -> None:
            kind, card = kind_of(record), card_of(record)
            pods = [pod(f"{record.uid}-{n}", f"10.0.0.{n + 1}") for n in range(record.replica_count)]
            world.slice(kind, record.name, *pods)
            world.show(card)
            await holds(lambda: (it := catalog.get(kind, record.name)) is not None and it.card == card)

        async def drop(record: Record) -> None:
            kind = kind_of(record)
            world.hide(kind, record.name)
            world.unslice(kind, record.name)
            await holds(lambda: catalog.get(kind, record.name) is None)

        yield CatalogRig(catalog, show, drop)


CATALOGS = [view, supervised, clustered]
