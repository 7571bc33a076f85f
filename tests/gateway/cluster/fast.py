"""A catalog as it runs on a cluster, in a hurry: what takes minutes there takes moments here."""

from collections.abc import AsyncGenerator, Set
from contextlib import asynccontextmanager

from gateway.cluster.api import Api
from gateway.cluster.catalog import ClusterCatalog
from gateway.cluster.server import Server
from gateway.cluster.watch import Pace
from gateway.records import Listed
from tests.gateway.cluster.api_server import ApiServer
from tests.local.waiting import holds

PACE = Pace(silence=30, page=2, first=0.005, longest=0.02)
BOTH: Set[Listed] = {"adapter", "platform"}


@asynccontextmanager
async def following(
    server: ApiServer, kinds: Set[Listed] = BOTH, pace: Pace = PACE, token: str = ""
) -> AsyncGenerator[ClusterCatalog]:
    """A catalog of that server; not yet synced."""
    async with Api(Server(server.url, lambda: token)) as api, ClusterCatalog(api, kinds, pace) as catalog:
        yield catalog


async def synced(catalog: ClusterCatalog) -> None:
    """Returns once everything was listed."""
    await holds(lambda: catalog.synced)
