"""Image: what is to be built, and where; and the contract of who builds it. Builds nothing."""

from collections.abc import Callable, Mapping, Sequence
from typing import Protocol

import msgspec

from gateway.azure.acr import Context

type Say = Callable[[str], None]


class BuildError(Exception):
    """An image was not built. The end of its log is part of the message."""


class Image(msgspec.Struct, frozen=True, kw_only=True):
    """`context` names its Dockerfile. `tags` are further ones: each build has one of all that it is made of.

    `arguments` go to the Dockerfile's ARG.
    """

    name: str
    context: Context
    tags: Sequence[str] = ()
    arguments: Mapping[str, str] = {}


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """`registry` is an ARM id; `pool` the agents to build on, None: those that Azure shares."""

    registry: str
    pool: str | None = None


class Builder(Protocol):
    async def find(self, place: Place, image: Image) -> str | None:
        """The digest of what was built of this very context; None where nothing was. Changes nothing."""
        ...

    async def ensure(self, place: Place, image: Image, say: Say) -> str:
        """The digest, once it is built; what was built is not built again. Raises BuildError."""
        ...
