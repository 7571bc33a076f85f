"""What a resource group says of itself while its stack is ephemeral: whose it is and how long. For people who look at bills."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import pulumi

from infra.ephemeral import expiry

_GROUP = "azure-native:resources:ResourceGroup"


def tagged(program: Callable[[], None], stack: str, expires: datetime) -> Callable[[], None]:
    """The program, whose resource group has two tags more. Everything else of the stack is in the group, or in the tenant."""
    tags = {"mcp-gateway-stack": stack, "mcp-gateway-expires": expiry.written(expires)}

    def transformation(given: pulumi.ResourceTransformationArgs) -> pulumi.ResourceTransformationResult | None:
        if given.type_ != _GROUP:
            return None
        props: Any = given.props  # a mapping, whatever its declaration says
        stated: Mapping[str, str] = props.get("tags") or {}
        props["tags"] = {**stated, **tags}
        return pulumi.ResourceTransformationResult(props, given.opts)

    def run() -> None:
        # In this process: the engine's own transforms would do as well, but need a newer engine.
        pulumi.runtime.register_stack_transformation(transformation)
        program()

    return run
