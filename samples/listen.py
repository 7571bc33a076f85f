"""Where a sample listens: `HOST` and `PORT` of the environment. Not a server; imports only the standard library."""

import sys
from collections.abc import Mapping
from typing import NamedTuple, NoReturn


class BadSetting(ValueError):
    """A variable of the environment that the sample cannot start with; the message names it."""


class Listen(NamedTuple):
    """Loopback unless `HOST` says otherwise; the images set it to 0.0.0.0."""

    host: str
    port: int


def listen_from(environ: Mapping[str, str]) -> Listen:
    """Raises BadSetting when `PORT` is not 1..65535."""
    host = environ.get("HOST") or "127.0.0.1"
    return Listen(host, whole_number(environ, "PORT", default=8000, least=1, most=65535))


def whole_number(environ: Mapping[str, str], name: str, *, default: int, least: int, most: int) -> int:
    """The variable as a number within bounds. Raises BadSetting otherwise; unset or empty is the default."""
    text = environ.get(name) or str(default)
    if not (text.isascii() and text.isdigit() and len(text) <= len(str(most)) and least <= int(text) <= most):
        raise BadSetting(f"{name}={text!r}: give a whole number from {least} to {most}")
    return int(text)


def give_up(why: object) -> NoReturn:
    """Says why on standard error and exits 1: what `/logs` of a sample that will not start shows."""
    sys.stderr.write(f"cannot start: {why}\n")
    raise SystemExit(1)
