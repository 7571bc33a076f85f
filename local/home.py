"""Home: the folder that holds all a local gateway keeps, and the names in it. Opens nothing but the folder itself."""

import os
from pathlib import Path

import msgspec


class HomeError(Exception):
    """The home cannot be used; the message says which file and why."""


class Home(msgspec.Struct, frozen=True):
    """Where things are. Everything in it belongs to the user alone (0700)."""

    path: Path

    @classmethod
    def prepared(cls, path: Path) -> "Home":
        """The home at `path`, made if need be. Raises HomeError where it cannot be made or is not ours."""
        home = cls(path.expanduser().absolute())
        try:
            _refuse_strange(home)
            for folder in (home.path, home.children, home.logs, home.work):
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            home.path.chmod(0o700)
        except OSError as error:
            raise HomeError(f"{home.path}: {error.strerror}.") from None
        return home

    @property
    def database(self) -> Path:
        """The records (SQLite)."""
        return self.path / "records.db"

    @property
    def logs(self) -> Path:
        """Output of instances and of the gateway."""
        return self.path / "logs"

    @property
    def audit(self) -> Path:
        """Who changed or deleted what, read logs, was denied, or called which tool: a line each."""
        return self.logs / "audit.log"

    @property
    def children(self) -> Path:
        """One file per running child: how a crashed run's children are found."""
        return self.path / "children"

    @property
    def work(self) -> Path:
        """An empty folder: where instances run unless their image says otherwise."""
        return self.path / "work"

    @property
    def runtime(self) -> Path:
        """While a gateway runs: a link to the folder of its sockets, which need a short path."""
        return self.path / "runtime"

    @property
    def seal_key(self) -> Path:
        """The key of session ids."""
        return self.path / "seal.key"

    @property
    def trust_secret(self) -> Path:
        """What the proxy proves itself with to the routers."""
        return self.path / "trust.secret"

    @property
    def lock(self) -> Path:
        """Held by the one gateway that uses this home."""
        return self.path / "lock"


def _refuse_strange(home: Home) -> None:
    """`--home .` must not close somebody's project to everyone else, nor fill it with our files."""
    if not home.path.exists():
        return
    if home.path.stat().st_uid != os.getuid():
        raise HomeError(f"{home.path}: belongs to another user.")
    if not home.children.is_dir() and any(home.path.iterdir()):
        raise HomeError(f"{home.path}: holds other things, and is no home of a gateway. Choose another --home.")
