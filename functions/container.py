"""Container: the control plane as one process: answers, reconciles, and ends so that nobody notices. Composes nothing."""

import asyncio
import logging
from collections.abc import Mapping

import msgspec

from functions.app import build
from functions.composition import Composition
from functions.host import Host
from functions.observed import SCOPE
from functions.reconcile import Reconcile
from functions.settings import Settings
from gateway.env import Env
from gateway.errors import Unavailable
from gateway.tasks import beside

_SOON = 2.0  # seconds between rounds until the first has been whole
_IN_FLIGHT = 20.0  # seconds for requests under way, once new ones go elsewhere

_log = logging.getLogger(__name__)


class ContainerSettings(msgspec.Struct, frozen=True, kw_only=True):
    """`port` 0 takes a free one. In seconds: `reconcile` between two rounds; `unready` for which a process that is to end
    serves on, until nobody is sent to it any more."""

    host: str = "0.0.0.0"
    port: int = 8000
    reconcile: float = 30
    unready: float = 5
    control_plane: Settings = Settings()

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "ContainerSettings":
        """`Listen__Host`, `Listen__Port`, `Reconcile__Seconds`, `Drain__Seconds`, and those of the control plane.

        Raises SettingsError.
        """
        env = Env(variables)
        return cls(
            host=env.text("Listen__Host", "0.0.0.0"),
            port=env.integer("Listen__Port", 8000, most=65535),
            reconcile=env.integer("Reconcile__Seconds", 30, least=1, most=3600),
            unready=env.integer("Drain__Seconds", 5, most=600),
            control_plane=Settings.from_env(variables),
        )


class Container:
    """One process's control plane. Ready once a round of reconcile was whole, which takes the store and the cluster.

    From then on it is ready until it ends: without a store it still says so to callers, with 503, and that is better than
    nobody there.
    """

    def __init__(self, parts: Composition, settings: ContainerSettings) -> None:
        self._settings = settings
        self._reconcile = Reconcile(parts.store, parts.deployer, after=parts.after)
        app = build(
            parts.store,
            parts.deployer,
            parts.identify,
            settings.control_plane,
            self._check,
            protected=parts.protected,
            audit=parts.audit,
            telemetry=parts.telemetry,
            after=parts.after,
        )
        if parts.telemetry is not None:
            parts.telemetry.meter.watch(SCOPE, self._reconcile.readings)
        self._host = Host(app)
        self._reconciled = False
        self._ending = False

    async def serve(self, ending: asyncio.Event) -> None:
        """Serves until `ending`, and then until nobody is served any more. Raises OSError where it cannot listen."""
        port = await self._host.start_tcp(self._settings.host, self._settings.port)
        _log.info("listening on port %d of %s", port, self._settings.host)
        try:
            async with beside(self._rounds(), "reconcile"):
                await ending.wait()
                self._ending = True
                self._host.drain()
            await asyncio.sleep(self._settings.unready)
        finally:
            await self._host.stop(_IN_FLIGHT)
        _log.info("stopped")

    async def _check(self) -> None:
        if self._ending:
            raise Unavailable("Draining.")
        if not self._reconciled:
            raise Unavailable("Nothing has been reconciled yet.")

    async def _rounds(self) -> None:
        while True:
            try:
                _log.info("reconciled: %s", await self._reconcile.once())
                self._reconciled = True
            except Unavailable as error:
                _log.warning("could not reconcile: %s", error.detail)
            except Exception:  # noqa: BLE001 - logged; the next round may fare better
                _log.exception("could not reconcile")
            await asyncio.sleep(self._settings.reconcile if self._reconciled else _SOON)
