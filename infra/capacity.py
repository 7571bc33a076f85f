"""Capacity: whether Cosmos charges by the request (serverless) or by the hour (provisioned). Decided once, with the account.

Azure changes no account from one to the other in place: what it would take is a new account, without the records. So a
change is refused here, in the preview already, before anything is touched.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from pulumi import ResourceHook, ResourceHookArgs, ResourceHookBinding, ResourceHookOptions

SERVERLESS = "EnableServerless"


class CapacityError(Exception):
    """`cosmosMode` is not that of the account that is there."""


def kept(name: str) -> ResourceHookBinding:
    """What an account is bound to, so that `unchanged` is asked before each update. `name` is the account's own."""
    asked = ResourceHook(f"{name}-capacity", unchanged, ResourceHookOptions(on_dry_run=True))
    return ResourceHookBinding(before_update=[asked])


def unchanged(asked: ResourceHookArgs) -> None:
    """Raises CapacityError."""
    before, after = _mode(asked.old_inputs), _mode(asked.new_inputs)
    if before != after:
        raise CapacityError(
            f"cosmosMode: the account is {before}, and {after} would be a new one without its records."
            f" Set it back, or move the records to a stack of its own."
        )


def _mode(inputs: Mapping[str, Any] | None) -> str:
    capabilities: Iterable[Mapping[str, Any]] = (inputs or {}).get("capabilities") or ()
    return "serverless" if any(one.get("name") == SERVERLESS for one in capabilities) else "provisioned"
