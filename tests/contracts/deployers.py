"""Every implementation of Deployer, with nothing deployed, and what a test must know of it to see what it does."""

from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from functions.deployer import Deployer
from gateway.card import Card
from gateway.records import Kind, Record
from gateway.view import View
from local.deployer import LocalDeployer
from local.home import Home
from local.ports import Ports
from local.supervisor import Supervisor
from tests.contracts.records import adapter
from tests.local.tiny.images import IMAGES
from tests.local.waiting import until


class DeployerRig(msgspec.Struct):
    """`card`: what the data plane sees under a name. `impossible`: a record that it must refuse, if there can be one.
    `printed`: a line that the image `listens` prints at its start."""

    deployer: Deployer
    card: Callable[[Kind, str], Card | None]
    impossible: Record | None = None
    printed: str = "ready on stdout\n"

    async def healthy(self, record: Record) -> None:
        """Waits until all instances are ready."""
        await until(lambda: self.deployer.status(record), lambda status: status.replica_status == "Healthy")


@asynccontextmanager
async def child_processes(folder: Path) -> AsyncGenerator[DeployerRig]:
    home = Home.prepared(folder / "home")
    view = View()
    supervisor = Supervisor(home, view, Ports())

    def card(kind: Kind, name: str) -> Card | None:
        listing = view.get(kind, name)
        return listing.card if listing else None

    deployer = LocalDeployer(supervisor, view, IMAGES, home)
    yield DeployerRig(deployer, card, impossible=adapter(image_name="unheard-of"))
    await supervisor.close()


DEPLOYERS = [child_processes]
