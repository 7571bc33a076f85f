"""Which gateway, and as whom: the provider's configuration, checked before anything is asked. Holds no token."""

import re
from collections.abc import Mapping

import msgspec
from yarl import URL

from gateway.address import is_loopback
from infra.catalog.plugin.values import Value, plain

NAMES = ("endpoint", "scope", "tokenCommand", "devUser", "devRoles")
_LIKE = "endpoint: expected the gateway's URL, such as https://gateway.example.com."
_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# A resource, and maybe the name of a scope of it.
_SCOPE = re.compile(r"(?P<resource>[a-z][a-z0-9+.-]*://[A-Za-z0-9._:-]+(/[A-Za-z0-9._:/-]*)?)/[A-Za-z0-9._:-]+")
_RESOURCE = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._:-]+")


class SettingsError(Exception):
    """The message names the setting."""


class Settings(msgspec.Struct, frozen=True):
    """Without `scope`, `token_command` and `dev_user` nobody says who asks; a gateway on this machine may take that."""

    endpoint: str  # without a slash at its end
    scope: str = ""  # what to ask Azure for: `<resource>/.default`
    token_command: tuple[str, ...] = ()
    dev_user: str = ""
    dev_roles: str = ""

    @classmethod
    def read(cls, given: Mapping[str, Value]) -> "Settings":
        """Members that are not this provider's are left alone: a project may be named like it. Raises SettingsError."""
        settings = cls(
            endpoint=_endpoint(_text(given, "endpoint")),
            scope=_scope(_text(given, "scope")),
            token_command=_command(given),
            dev_user=_text(given, "devUser"),
            dev_roles=_text(given, "devRoles"),
        )
        settings._refuse_two()
        settings._refuse_open_wire()
        return settings

    def _refuse_two(self) -> None:
        ways = {"scope": self.scope, "tokenCommand": self.token_command, "devUser": self.dev_user}
        given = [name for name, value in ways.items() if value]
        if len(given) > 1:
            raise SettingsError(f"{' and '.join(given)}: give one of them, each says who you are.")
        if self.dev_roles and not self.dev_user:
            raise SettingsError("devRoles: they need a devUser.")

    def _refuse_open_wire(self) -> None:
        url = URL(self.endpoint)
        if (self.scope or self.token_command) and url.scheme == "http" and not is_loopback(url.host or ""):
            raise SettingsError(f"endpoint: the token would travel unencrypted to {url.host}; use https://.")


def _text(given: Mapping[str, Value], name: str) -> str:
    value = plain(given.get(name))
    if value is None:
        return ""
    if not isinstance(value, str):
        raise SettingsError(f"{name}: expected a text.")
    return value.strip()


def _endpoint(text: str) -> str:
    try:
        url = URL(text)
        good = url.scheme in ("http", "https") and bool(url.host) and url.port != 0
    except ValueError:
        good = False
        url = URL()
    if not good or url.user is not None or url.query_string or url.fragment:
        raise SettingsError(_LIKE)
    return str(url).rstrip("/")


def _scope(text: str) -> str:
    """What every kind of identity takes is `<resource>/.default`, whichever scope of it was named."""
    if not text:
        return ""
    if found := _SCOPE.fullmatch(text):
        return f"{found['resource']}/.default"
    resource = text.partition("/")[0] if _GUID.match(text) else text
    if not _RESOURCE.fullmatch(resource) and not _GUID.fullmatch(resource):
        raise SettingsError("scope: give it in full, such as api://<client id>/access.")
    return f"{resource}/.default"


def _command(given: Mapping[str, Value]) -> tuple[str, ...]:
    """A list of arguments; where the engine's configuration holds only texts, one in JSON."""
    value = plain(given.get("tokenCommand"))
    try:
        words = (
            msgspec.json.decode(value, type=list[str])
            if isinstance(value, str)
            else msgspec.convert(value, list[str] | None)
        )
    except (msgspec.DecodeError, msgspec.ValidationError):
        raise SettingsError('tokenCommand: expected a list of texts, such as ["az", "account", …].') from None
    return tuple(words or ())
