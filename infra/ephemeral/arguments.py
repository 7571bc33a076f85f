"""The arguments of `python -m infra.ephemeral`, and what they mean for a stack's configuration. Touches no stack."""

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from infra.ephemeral import expiry
from infra.ephemeral.stacks import PROJECT

_TTL = "8h"


class WrongArgument(Exception):
    """The message says which, and why."""


def parser() -> argparse.ArgumentParser:
    """One command each for the four things that are done."""
    whole = argparse.ArgumentParser(prog="python -m infra.ephemeral", description="Stacks that live for hours.")
    commands = whole.add_subparsers(dest="command", required=True, metavar="COMMAND")
    up = _stack(commands.add_parser("up", help="create or update one"))
    up.add_argument(
        "--like", default="dev", metavar="STACK", help="whose settings to begin with (default: %(default)s)"
    )
    text = "a further setting; of this project unless it says another (azure-native:location=…); repeatable"
    up.add_argument("--config", action="append", default=[], metavar="KEY=VALUE", help=text)
    _ttl(up, "how long it may live")
    _smoke(commands.add_parser("smoke", help="one journey through a gateway"))
    _stack(commands.add_parser("destroy", help="take one away"))
    sweep = commands.add_parser("sweep", help="take away all whose time is over")
    _ttl(sweep, "how long those live, after their last change, that do not say")
    for each in (up, sweep, commands.choices["destroy"]):
        text = "azurekeyvault://NAME.vault.azure.net/keys/KEY; without it, PULUMI_CONFIG_PASSPHRASE"
        each.add_argument("--secrets-provider", default="", metavar="URL", help=text)
    return whole


def configuration(stack: str, like: Path, pairs: Sequence[str]) -> dict[str, Any]:
    """What `like` (a Pulumi.<stack>.yaml) says, then `pairs`; a group and a label of its own. Raises WrongArgument."""
    config: dict[str, Any] = {
        **_said(like),
        f"{PROJECT}:resourceGroup": f"mcpgateway-{stack}",
        f"{PROJECT}:createResourceGroup": "true",
        f"{PROJECT}:resourceLabel": "mg" + stack.replace("-", ""),
    }
    for pair in pairs:
        key, equals, value = pair.partition("=")
        if not key or not equals:
            raise WrongArgument(f"--config: `{key}` has no value; it takes KEY=VALUE.")
        config[key if ":" in key else f"{PROJECT}:{key}"] = value
    return config


def _said(file: Path) -> Mapping[str, Any]:
    if not file.is_file():
        raise WrongArgument(f"--like: there is no {file.name}.")
    whole: dict[str, Any] = yaml.safe_load(file.read_text()) or {}
    config: dict[str, Any] = whole.get("config") or {}
    if sealed := [key for key, value in config.items() if isinstance(value, dict) and "secure" in value]:
        raise WrongArgument(f"--like: {file.name} has secrets that only its own key opens: {', '.join(sealed)}.")
    return config


def _stack(parser: argparse.ArgumentParser) -> argparse.ArgumentParser:
    parser.add_argument("--stack", required=True, metavar="pr-NUMBER")
    return parser


def _ttl(parser: argparse.ArgumentParser, what: str) -> None:
    parser.add_argument("--ttl", default=_TTL, type=_duration, metavar="TIME", help=f"{what} (default: %(default)s)")


def _duration(text: str) -> Any:
    try:
        return expiry.duration(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _smoke(parser: argparse.ArgumentParser) -> None:
    where = parser.add_mutually_exclusive_group(required=True)
    where.add_argument("--stack", default="", metavar="pr-NUMBER")
    where.add_argument("--url", default="", help="of any gateway")
    add = parser.add_argument
    text = "the application whose tokens it takes (default: the stack's); SMOKE_TOKEN goes before"
    add("--client-id", default="", metavar="ID", help=text)
    add("--image", default="mcp-example:1.0.0", metavar="NAME:TAG", help="with a tool `add` (default: %(default)s)")
    add("--seconds", default=900.0, type=float, help="at most, for all of it (default: %(default)s)")
    add("--insecure", action="store_true", help="the front door's certificate is self-signed: believe whoever answers")
