"""Checks of the options: each says, by the option's name, that a value cannot be meant. Knows no option itself."""

import re
from collections.abc import Iterable, Mapping
from ipaddress import IPv4Network
from urllib.parse import urlsplit

_ORIGIN = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?/?")
_QUANTITY = re.compile(r"[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?")


class OptionError(ValueError):
    """The message names the option, as the command line spells it."""


def networks(option: str, texts: Iterable[str]) -> tuple[IPv4Network, ...]:
    """Raises OptionError."""
    try:
        return tuple(IPv4Network(text) for text in texts)
    except ValueError as error:
        raise OptionError(f"{option}: {error}") from error


def match(option: str, text: str, pattern: re.Pattern[str]) -> None:
    """Raises OptionError."""
    if not pattern.fullmatch(text):
        raise OptionError(f"{option}: `{text}` is not of the form {pattern.pattern}")


def one_of(option: str, text: str, allowed: tuple[str, ...]) -> None:
    """Raises OptionError."""
    if text not in allowed:
        raise OptionError(f"{option}: `{text}` is none of {', '.join(allowed)}")


def least(option: str, number: int, least: int) -> None:
    """Raises OptionError."""
    if number < least:
        raise OptionError(f"{option}: {number} is less than {least}")


def ports(option: str, numbers: Iterable[int]) -> None:
    """Raises OptionError."""
    for number in numbers:
        if not 0 < number < 65536:
            raise OptionError(f"{option}: {number} is not a port")


def origin(option: str, text: str) -> None:
    """Raises OptionError."""
    match(option, text, _ORIGIN)


def address(option: str, text: str, *, secure: bool) -> None:
    """The URL of a server, over http only where it need not be `secure`. Raises OptionError."""
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise OptionError(f"{option}: `{text}` is not a URL") from None
    plain = parts.username or parts.query or parts.fragment or port == 0
    if parts.scheme not in ("http", "https") or not parts.hostname or plain or not text.isprintable() or " " in text:
        raise OptionError(f"{option}: `{text}` is not a URL of a server (https://host/path)")
    if secure and parts.scheme != "https":
        raise OptionError(f"{option}: `{text}` is not https")


def quantities(option: str, given: Mapping[str, str]) -> None:
    """Raises OptionError."""
    for name, text in given.items():
        one_of(option, name, ("cpu", "memory", "ephemeral-storage"))
        quantity(option, text)


def quantity(option: str, text: str) -> None:
    """Raises OptionError."""
    match(option, text, _QUANTITY)
