"""Ground: a gateway that verifies tokens, as people start it, with the mirror and the fakes as its images. Attacks come over TCP."""

from collections.abc import Generator, Iterable
from contextlib import contextmanager
from pathlib import Path

import msgspec

from tests.fakes.gateway import surroundings, up
from tests.fakes.identity_provider import IdentityProvider
from tests.fakes.images import MODULES
from tests.journeys.caller import Caller

ORIGIN = "https://mcp.contoso.example"  # where clients are told to come to; behind it is whichever port was free
OWNER = "olga"
SETTINGS = {
    "Proxy__AllowedHosts__0": ORIGIN.removeprefix("https://"),
    "Proxy__HoldSeconds": "3",
    "Proxy__HeadSeconds": "6",
}
_OURS = {"mirror": "tests.attacks.mirror"}


class Ground(msgspec.Struct, frozen=True):
    """A running gateway, and who vouches for its callers."""

    url: str
    idp: IdentityProvider
    log: Path

    @property
    def port(self) -> int:
        """The port on this machine."""
        return int(self.url.rpartition(":")[2])

    def bearer(self, user: str, roles: Iterable[str] = ()) -> tuple[str, str]:
        """The header of a caller with a good token."""
        return "Authorization", f"Bearer {self.idp.token(user, roles)}"

    def person(self, user: str, roles: Iterable[str] = ()) -> Caller:
        """Somebody in front of the REST API, with a good token."""
        return Caller(self.url, proven=dict([self.bearer(user, roles)]))


@contextmanager
def running(folder: Path, idp: IdentityProvider, **settings: str) -> Generator[Ground]:
    """A gateway of our own, which ends with the block. Raises AssertionError with its log."""
    told = {**SETTINGS, **idp.environment(ORIGIN), **settings}
    with up(folder / "home", {**surroundings(), **told}, images={**MODULES, **_OURS}) as started:
        yield Ground(started.url, idp, started.log)
