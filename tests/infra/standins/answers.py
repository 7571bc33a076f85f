"""Answers: the id and the outputs that a resource has once it exists, whatever its provider. Keeps nothing, checks little."""

from typing import Any

from tests.infra.standins import azure_invokes, azure_outputs, azuread_outputs, random_values
from tests.infra.standins.ids import guid
from tests.infra.standins.made import Made
from tests.infra.standins.wire import Json, inner


def made(type: str, name: str, inputs: Json, imported: str = "") -> Made:
    """A resource of that type. Raises AssertionError for a type that nobody here knows."""
    package = type.partition(":")[0]
    match package:
        case "azure-native":
            return azure_outputs.made(type, inputs, imported)
        case "azuread":
            return Made(*azuread_outputs.outputs(type, name, inputs))
        case "random":
            return Made(*random_values.drawn(type, inputs))
        case "kubernetes":
            return _kubernetes(inputs, imported)
        case "pulumi" | "pulumi-python" | "mcp-gateway":
            return Made(imported or guid(type, name), _without_private(inputs))
        case _:
            raise AssertionError(f"no stand-in for {type}")


def invoked(token: str, arguments: Json) -> Json:
    """What a function of a provider answers. Raises AssertionError for one that nobody here knows."""
    return azure_invokes.invoked(token, arguments)


def _kubernetes(inputs: Json, imported: str) -> Made:
    metadata = inner(inputs, "metadata")
    assert imported or metadata.get("name"), f"{inputs.get('kind')}: metadata.name must be set"
    id = imported or "/".join(one for one in (metadata.get("namespace"), metadata["name"]) if one)
    outputs: dict[str, Any] = inputs | {"metadata": metadata | {"uid": guid(str(inputs.get("kind")), id)}}
    if inputs.get("kind") == "Service" and inner(inputs, "spec").get("type") == "LoadBalancer":
        outputs["status"] = {
            "loadBalancer": {"ingress": [{"ip": inputs["spec"].get("loadBalancerIP") or "10.0.1.100"}]}
        }
    return Made(id, outputs)


def _without_private(inputs: Json) -> Json:
    return {name: value for name, value in inputs.items() if not name.startswith("__")}
