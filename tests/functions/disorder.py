"""A control plane whose cluster disagrees with its records in every way there is."""

from collections.abc import Callable
from typing import Any

from gateway.records import Kind
from tests.functions.direct import Direct
from tests.functions.steps import Died, Steps


async def disorder(kind: Kind, body: Callable[..., dict[str, Any]], seed: int | None = None) -> Direct:
    """`whole` is right; `missing`, `half` and `older` are to be healed; `buried` to be finished; `orphan` to be removed;
    `foreign` stands in the way of its namesake."""
    direct = Direct(steps=Steps(seed))
    for name in ("whole", "missing", "half", "older", "buried", "orphan", "foreign"):
        assert (await direct.call(f"create_{kind}", body=body(name, requiredRoles=["readers"]))).status == 201
    del direct.cluster.cards[kind, "missing"], direct.cluster.workloads[kind, "missing"]
    del direct.cluster.workloads[kind, "half"]
    await _dying(direct, 3, f"replace_{kind}", "older", body("older", requiredRoles=[]))
    await _dying(direct, 3, f"delete_{kind}", "buried")
    for name in ("orphan", "foreign"):
        objects = direct.cluster.cards[kind, name], direct.cluster.workloads[kind, name]
        assert (await direct.call(f"delete_{kind}", name)).status == 204
        direct.cluster.cards[kind, name], direct.cluster.workloads[kind, name] = objects
    pending = await direct.call(f"create_{kind}", body=body("foreign"))
    assert pending.json["status"] == "Pending"
    return direct


async def _dying(direct: Direct, step: int, operation: str, name: str, body: object = None) -> None:
    direct.steps.arm(step, "before", Died)
    try:
        await direct.call(operation, name, body)
    except Died:
        return
    raise AssertionError(f"{operation} has no step {step}")
