"""Schema: checks an object against the models that the official client was generated with from Kubernetes' OpenAPI document."""

from typing import Any, cast

from kubernetes import client

from infra.platform import Manifest

_OTHERS = {"HorizontalPodAutoscaler": "V2"}


def check(manifest: Manifest) -> None:
    """Raises pydantic.ValidationError for a field that does not exist, is missing or has another type."""
    kind: str = manifest["kind"]
    model: Any = getattr(client, f"{_OTHERS.get(kind, 'V1')}{kind}")
    read = model.model_validate(manifest)
    # Models accept the client's own spelling of a field too (`ip_block`); the API server does not.
    assert _without_none(read.to_dict(serialize=True)) == manifest


def _without_none(value: Any) -> Any:
    if isinstance(value, dict):
        members = cast("dict[str, Any]", value)
        return {name: _without_none(member) for name, member in members.items() if member is not None}
    if isinstance(value, list):
        return [_without_none(item) for item in cast("list[Any]", value)]
    return value
