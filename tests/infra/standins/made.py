"""Made: what a resource is once it exists, or what a preview knows of it."""

import msgspec

from tests.infra.standins.wire import Json


class Made(msgspec.Struct, frozen=True):
    """`secrets`: outputs that are secret in themselves."""

    id: str
    outputs: Json
    secrets: tuple[str, ...] = ()


def previewed(inputs: Json) -> Json:
    """What a preview knows of the outputs: what was asked for; identities come back in another form than they are asked for."""
    return {name: value for name, value in inputs.items() if name != "identity"}
