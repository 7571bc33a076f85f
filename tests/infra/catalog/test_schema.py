"""The package's schema: every type it names is there, and it names what the provider takes and gives."""

from collections.abc import Iterator
from typing import Any

from infra.catalog.plugin.inputs import check
from infra.catalog.plugin.kinds import KINDS
from infra.catalog.plugin.state import DECIDED
from tests.infra.catalog.plugin import ADAPTER, AGENT, TOOL, Plugin


async def test_it_describes_the_three_resources_and_every_type_it_refers_to() -> None:
    async with Plugin() as plugin:
        schema = await plugin.schema()
    assert set(schema["resources"]) == {ADAPTER, TOOL, AGENT}
    named = {reference.removeprefix("#/types/") for reference in references(schema) if reference.startswith("#")}
    assert named == set(schema["types"])


async def test_it_requires_what_the_check_requires_and_nothing_else() -> None:
    async with Plugin() as plugin:
        schema = await plugin.schema()
    for type, resource in schema["resources"].items():
        missing = {sentence.partition(":")[0] for sentence in check(KINDS[type], {}, "thing").failures}
        assert set(resource["requiredInputs"]) == missing
        assert set(resource["inputProperties"]) == set(KINDS[type].members())
        assert set(resource["properties"]) >= {*resource["inputProperties"], *DECIDED}


def references(node: Any) -> Iterator[str]:
    """Of everything below."""
    match node:
        case {"$ref": reference}:
            yield reference
        case dict():
            for member in node.values():  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
                yield from references(member)
        case list():
            for item in node:  # pyright: ignore[reportUnknownVariableType] - whatever JSON holds
                yield from references(item)
        case _:
            return
