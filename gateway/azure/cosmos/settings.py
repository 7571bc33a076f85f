"""Where the account is, and how long it may take: read once, frozen, refused by name. Holds no secret: there is no key."""

from collections.abc import Mapping
from urllib.parse import urlsplit

import msgspec

from gateway import address
from gateway.env import Env, SettingsError

ENDPOINT, DATABASE = "CosmosSettings__AccountEndpoint", "CosmosSettings__DatabaseName"
_DEFAULT_DATABASE = "McpGatewayDb"


class Settings(msgspec.Struct, frozen=True, kw_only=True):
    """`trust` is a file of authorities to trust besides the system's, blank for none. In seconds: `connect` for a connection,
    `answer` for one request, `patience` for all that a verb takes, attempts included."""

    endpoint: str
    database: str = _DEFAULT_DATABASE
    trust: str = ""
    connect: float = 3.0
    answer: float = 4.5
    patience: float = 10.0

    @classmethod
    def from_env(cls, variables: Mapping[str, str]) -> "Settings":
        """Reads `CosmosSettings__AccountEndpoint` (`https://….documents.azure.com:443/`), `CosmosSettings__DatabaseName` and
        `SSL_CERT_FILE`. Raises SettingsError."""
        env = Env(variables)
        return cls(
            endpoint=_endpoint(env.text(ENDPOINT)),
            database=_database(env.text(DATABASE, _DEFAULT_DATABASE)),
            trust=env.text("SSL_CERT_FILE", ""),
        )


def _endpoint(given: str) -> str:
    """Raises SettingsError for whatever is not the root of an https origin, connection strings and their keys among it."""
    parts = address.split(given)
    if parts is None or parts.scheme != "https" or parts.path not in ("", "/") or parts.query or parts.fragment:
        # Not repeated: who mistakes the setting may have put a connection string there, which holds a key.
        raise SettingsError(f"{ENDPOINT}: not the https URL of an account (https://….documents.azure.com:443/).")
    return f"https://{urlsplit(given).netloc}/"


def _database(given: str) -> str:
    if set(given) & set("/\\?#") or len(given) > 255:
        raise SettingsError(f"{DATABASE}: `{given}` is not the name of a database.")
    return given
