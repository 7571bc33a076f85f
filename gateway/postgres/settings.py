"""Where the server is, and how it is spoken to: read once, frozen, and never shown, for it holds a password."""

from collections.abc import Mapping

import msgspec
import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from gateway.env import Env, SettingsError

_SETTING = "Postgres__ConnectionString"

# libpq's own waits for ever; what the connection string says comes first.
_DEFAULTS = {
    "application_name": "mcp-gateway",
    "connect_timeout": "5",  # seconds, for each host named
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "15000",  # milliseconds: a peer that went without a word
}


class Settings(msgspec.Struct, frozen=True):
    """`conninfo` is a whole connection string. `connections`: at most so many at once. In seconds: `wait` for one of them
    (a restart of the server may pass unnoticed), `statement` for the server to carry one out."""

    conninfo: str
    connections: int = 8
    wait: float = 5.0
    statement: float = 10.0

    def __repr__(self) -> str:
        return f"Settings(…, connections={self.connections})"

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Settings":
        """Reads `Postgres__ConnectionString` (`postgresql://…`, or `key=value …`) and `Postgres__Connections`.

        Raises SettingsError, without a word of the connection string.
        """
        env = Env(variables)
        return cls(_conninfo(env.text(_SETTING)), env.integer("Postgres__Connections", 8, least=1, most=100))


def _conninfo(given: str) -> str:
    try:
        values = {**_DEFAULTS, **conninfo_to_dict(given), "client_encoding": "utf8"}
        return make_conninfo("", **values)
    except psycopg.ProgrammingError:
        # The parser's own words may quote the password.
        raise SettingsError(
            f"{_SETTING}: not a connection string of PostgreSQL (postgresql://… or key=value …)."
        ) from None
