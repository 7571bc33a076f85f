"""What the container stands on unless `ControlPlane__Compose` says otherwise: PostgreSQL, Kubernetes, and whoever may come in.

Log lines go to standard error, audit lines to standard output.
"""

import asyncio
import logging
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager

import msgspec

from functions.cluster import ClusterSettings, KubernetesDeployer
from functions.composition import Composition
from gateway.audit import Audit
from gateway.azure.sign_in import SignIn, required_sign_in
from gateway.cluster.process import to_stdout
from gateway.env import SettingsError
from gateway.errors import Unavailable
from gateway.postgres.database import Database
from gateway.postgres.expiry import purge
from gateway.postgres.schema import NewerSchema
from gateway.postgres.settings import Settings
from gateway.postgres.store import PostgresStore
from gateway.records import Adapter, Record, Tool
from gateway.store import Store
from gateway.tasks import beside
from gateway.telemetry.exporting import exporting

_PURGE = 600.0  # seconds between two purges of what has expired

_log = logging.getLogger(__name__)


@asynccontextmanager
async def on_kubernetes(variables: Mapping[str, str]) -> AsyncGenerator[Composition]:
    """The Composition that these variables ask for. Raises SettingsError."""
    found = identified(variables)
    deployer = KubernetesDeployer(ClusterSettings.from_env(variables))
    with exporting(variables, "control-plane") as telemetry:  # outermost: it has what the end still notes
        audit = Audit(to_stdout, telemetry.export)
        async with records(variables) as store:
            await deployer.start()
            try:
                yield Composition(store, deployer, found.identify, found.protected, audit, telemetry)
            finally:
                await deployer.close()


@asynccontextmanager
async def records(variables: Mapping[str, str]) -> AsyncGenerator[Store[Record]]:
    """The record store. A server that is not there yet is waited for by whoever asks; tables of a newer gateway are not.

    Raises SettingsError.
    """
    database = await Database.opened(Settings.from_env(variables))
    try:
        await _prepare(database)
        async with beside(_purges(database), "purge"):
            yield PostgresStore[Record](database, "CatalogContainer", msgspec.json.Decoder(Adapter | Tool).decode)
    finally:
        await database.close()


def identified(variables: Mapping[str, str]) -> SignIn:
    """Who may come in; that callers are believed is said. Raises SettingsError."""
    found = required_sign_in(variables)
    found.warn(_log)
    return found


async def _prepare(database: Database) -> None:
    try:
        await database.prepare()
    except NewerSchema as error:
        raise SettingsError(error.detail) from None
    except Unavailable as error:
        _log.warning("starting without the record store: %s", error.detail)


async def _purges(database: Database) -> None:
    """Only what has expired, so it matters little when, and who of several does it."""
    while True:
        await asyncio.sleep(_PURGE)
        try:
            await purge(database)
        except Unavailable as error:
            _log.warning("could not purge: %s", error.detail)
