"""Milestone: something the program does itself when the engine gets there, and the note in the stack's state that it was done.

The note is a random id with keepers: while they stay the same it stays, and when one changes a new one is made, which does the
work again. It is done before the note is: work that fails is work still to be done. A preview shows the note and does nothing.
No token gets in here: the work fetches its own.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import cast

import pulumi
import pulumi_random

type Work = Callable[[Mapping[str, str]], Awaitable[None]]
"""Gets the keepers. Raises what went wrong: the engine says it and stops."""


def milestone(
    name: str,
    keepers: Mapping[str, pulumi.Input[str]],
    work: Work,
    *,
    parent: pulumi.Resource | None = None,
    depends_on: Sequence[pulumi.Resource] = (),
) -> pulumi.Resource:
    async def do(event: pulumi.ResourceHookArgs) -> None:
        given = cast("Mapping[str, object]", (event.new_inputs or {}).get("keepers") or {})
        await work({key: str(value) for key, value in given.items()})

    return pulumi_random.RandomId(
        name,
        byte_length=8,
        keepers=keepers,
        opts=pulumi.ResourceOptions(
            parent=parent,
            depends_on=list(depends_on),
            hooks=pulumi.ResourceHookBinding(before_create=[do]),
        ),
    )
