"""Wishes: the platform's options as a stack's file spells them: in camelCase, and only those that exist. Imports no Pulumi."""

from collections.abc import Mapping
from typing import Any

import msgspec

from infra.platform import OptionError, PlatformOptions

FIXED = frozenset(
    {
        "registry",
        "tag",
        "images",
        "devIdentity",
        "entraTenant",
        "entraClientId",
        "entraInstance",
        "publicOrigin",
        "proxies",
        "routers",
        "controlPlanes",
        "postgres",
        "postgresStorage",
        "postgresRanges",
        "storageClass",
        "frontDoor",
        "podRange",
        "identities",
        "otlpEndpoint",
        "otlpRanges",
        "otlpPorts",
        "collector",
        "controlPlaneUrl",
        "controlPlaneRanges",
        "controlPlaneUser",
        "loadBalancer",
    }
)
"""What the program itself decides on Azure."""


def options(given: Mapping[str, Any]) -> PlatformOptions:
    """Raises OptionError."""
    names = {msgspec_name(field): field for field in PlatformOptions.__struct_fields__}
    for name in given:
        if name not in names:
            raise OptionError(f"`{name}` is no option of the platform")
    try:
        return msgspec.convert({names[name]: value for name, value in given.items()}, PlatformOptions)
    except msgspec.ValidationError as error:
        raise OptionError(str(error)) from error


def msgspec_name(field: str) -> str:
    """`front_door` → `frontDoor`."""
    first, *rest = field.split("_")
    return first + "".join(word.capitalize() for word in rest)
