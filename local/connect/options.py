"""What the command line may say, checked once before anything starts. Refuses in one sentence; connects to nothing."""

import re
import shlex
from collections.abc import Sequence

import msgspec
from yarl import URL

from gateway.address import is_loopback
from local.connect.azure_scope import azure_scope

_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")  # RFC 9110, 5.6.2
_VALUE = re.compile(r"[\x20-\x7e\t]*")
# RFC 9110, 7.6.1, and what frames a message.
_HOP = {
    "connection",
    "keep-alive",
    "proxy-authenticate",
    "proxy-authorization",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
    "content-length",
    "expect",
}
_LIKE = "This is not the URL of an MCP server; one looks like http://localhost:8000/mcp."
_OURS = {"host", "accept", "accept-encoding", "content-type", "content-encoding", "last-event-id"}


class WrongOption(Exception):
    """The message says which, and why."""


class Options(msgspec.Struct, frozen=True):
    """`headers` go along with every request; `token_command` is an argument list, empty for none; `azure` is the scope to
    ask Azure for, empty for none."""

    url: URL
    headers: dict[str, str] = {}
    token_command: Sequence[str] = ()
    azure: str = ""

    @classmethod
    def read(cls, url: str, headers: Sequence[str], token_command: str | None, azure: str | None = None) -> "Options":
        """Raises WrongOption."""
        options = cls(_url(url), _headers(headers), _command(token_command), _azure(azure))
        if len(options._bearers) > 1:
            raise WrongOption(f"{' and '.join(options._bearers)}: give one of them, each names the bearer.")
        return options

    @property
    def _bearers(self) -> list[str]:
        given = {
            "--azure": self.azure,
            "--token-command": self.token_command,
            "--header Authorization": "authorization" in self.headers,
        }
        return [option for option, value in given.items() if value]

    @property
    def warning(self) -> str:
        """What should be said before starting; mostly nothing."""
        if not self._bearers or self.url.scheme == "https" or is_loopback(self.url.host or ""):
            return ""
        return f"the token travels unencrypted to {self.url.host}: use https:// if you can."


def shown(url: URL) -> str:
    """A URL as it may be printed: without the query, which may hold a secret."""
    return str(url.with_query(None).with_fragment(None).with_user(None))


def _url(text: str) -> URL:
    try:
        url = URL(text)
        port = url.port
    except ValueError:
        raise WrongOption(_LIKE) from None
    if url.scheme not in ("http", "https") or not url.host or port == 0:
        raise WrongOption(_LIKE)
    if url.user is not None or url.password is not None:
        raise WrongOption("The URL names a user or password: give credentials with --header or --token-command.")
    return url.with_fragment(None)


def _headers(lines: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        name, value = name.strip(), value.strip(" \t")
        # The value may be a secret: it is never repeated.
        if not colon or not _NAME.fullmatch(name):
            raise WrongOption("--header: it takes `Name: value`, the name in letters, digits and `-`.")
        if not _VALUE.fullmatch(value) or not value:
            raise WrongOption(f"--header {name}: the value must be one line of printable ASCII.")
        if name.lower() in _HOP or _is_ours(name.lower()):
            raise WrongOption(f"--header {name}: this one belongs to the connection or is set by `connect` itself.")
        if name.lower() in found:
            raise WrongOption(f"--header {name}: it is given twice.")
        found[name.lower()] = value
    return found


def _is_ours(name: str) -> bool:
    return name in _OURS or name.startswith("mcp-")


def _command(text: str | None) -> list[str]:
    if text is None:
        return []
    try:
        words = shlex.split(text)
    except ValueError:
        raise WrongOption("--token-command: a quotation mark is not closed.") from None
    if not words:
        raise WrongOption("--token-command: it is empty.")
    return words


def _azure(text: str | None) -> str:
    if text is None:
        return ""
    try:
        return azure_scope(text)
    except ValueError:
        raise WrongOption("--azure: give the scope in full, such as api://<client id>/access.") from None
