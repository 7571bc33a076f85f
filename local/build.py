"""`mcp-gateway build`: an MCP server's image, built in an Azure Container Registry from a folder. Needs no Docker and no gateway.

How that is done is `gateway.azure.acr`'s; here is what a person may say, and who asks Azure.
"""

import argparse
import re
import time
from collections.abc import AsyncGenerator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Self

import msgspec

from gateway.azure.acr import AcrError, Context, NoContext, Order, build_image, find, pack
from gateway.azure.arm import ENDPOINT, Arm
from gateway.azure.arm import Token as ArmToken
from gateway.plain_line import plain_line
from gateway.tokens.azure import azure_tokens
from gateway.tokens.token import NoToken, Token, Tokens

_PART = r"[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*"
_REPOSITORY = re.compile(rf"{_PART}(?:/{_PART})*")
_TAG = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_EARLY = 120.0  # seconds before its end that a token is not begun with


class WrongWish(Exception):
    """The message says which argument, and why."""


class NotBuilt(Exception):
    """There is no image; the message says why."""


class Wish(msgspec.Struct, frozen=True):
    """What to build. `image` is `name`, `name:tag` or empty; where it says no tag, the contents are the tag."""

    folder: Path
    registry: str
    image: str = ""
    file: str = "Dockerfile"
    arguments: dict[str, str] = {}
    subscription: str = ""
    pool: str = ""
    resource_manager: str = ENDPOINT

    @classmethod
    def read(cls, given: argparse.Namespace) -> Self:
        """Raises WrongWish."""
        arguments: dict[str, str] = {}
        for pair in given.build_arg:
            name, equals, value = pair.partition("=")
            if not name or not equals:
                raise WrongWish("--build-arg: it takes NAME=VALUE.")
            arguments[name] = value
        return cls(
            given.path,
            given.registry,
            given.image,
            given.file,
            arguments,
            given.subscription,
            given.agent_pool,
            (given.resource_manager or ENDPOINT).rstrip("/"),
        )


async def build(wish: Wish, say: Callable[[str], None], tokens: Tokens | None = None) -> str:
    """The image's reference by digest. Raises WrongWish, NotBuilt."""
    context = _packed(wish)
    order = Order(image=_image(wish, context), arguments=wish.arguments, pool=wish.pool)
    try:
        source = tokens or _azure(f"{wish.resource_manager}/.default")
        async with _asking(source) as fetched, Arm(fetched, wish.resource_manager) as arm:
            registry = await find(arm, wish.registry, wish.subscription)
            return await build_image(arm, registry, context, order, lambda line: say(plain_line(line)))
    except (AcrError, NoToken) as error:
        raise NotBuilt(str(error)) from None


def hint(reference: str) -> str:
    """What to register it as: the registry is the gateway's own, and is not said."""
    name, _, digest = reference.partition("/")[2].partition("@")
    return f'Register it with "imageName": "{name}", "imageVersion": "{digest}".'


def _packed(wish: Wish) -> Context:
    try:
        return pack(wish.folder, wish.file)
    except NoContext as error:
        raise WrongWish(str(error)) from None


def _image(wish: Wish, context: Context) -> str:
    name, _, tag = (wish.image or wish.folder.resolve().name.lower()).partition(":")
    tag = tag or context.digest[:12]
    if not _REPOSITORY.fullmatch(name) or not _TAG.fullmatch(tag):
        raise WrongWish(f"--image: `{wish.image or name}` is not a name for an image, such as my-server:1.0.")
    return f"{name}:{tag}"


def _azure(scope: str) -> Tokens:
    tokens = azure_tokens(scope)
    if tokens is None:
        raise WrongWish("build needs azure-identity: install `mcp-gateway[azure]`.")
    return tokens


@asynccontextmanager
async def _asking(tokens: Tokens) -> AsyncGenerator[ArmToken]:
    """One token until shortly before its end: `az` takes a second to give one."""
    held: list[Token] = []

    async def fetched() -> str:
        if not held or (held[-1].expires or 0.0) < time.time() + _EARLY:
            held[:] = [await tokens.fetch(anew=False)]
        return held[-1].text

    try:
        yield fetched
    finally:
        await tokens.close()
