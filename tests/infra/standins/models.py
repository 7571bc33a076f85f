"""Models: what a resource may be made of, by whoever publishes it. One door to `published` and `arguments`."""

from functools import cache
from typing import Any

from tests.infra.standins.arguments import arguments, is_arguments
from tests.infra.standins.field import Field
from tests.infra.standins.published import is_published, published


def is_model(candidate: Any) -> bool:
    """Whether a field's type has fields itself."""
    return isinstance(candidate, type) and (is_arguments(candidate) or is_published(candidate))


@cache
def fields(model: type, *, folded: bool = True) -> dict[str, Field]:
    """The fields by name. `folded`: those of `properties` stand beside the others, as they do in a program."""
    own = arguments(model) if is_arguments(model) else published(model)
    inner = own.get("properties")
    if not folded or inner is None or not is_model(inner.type):
        return own
    return fields(inner.type) | {name: field for name, field in own.items() if name != "properties"}
