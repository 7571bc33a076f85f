"""The real engine with the stand-ins: what they are worth. A small program, every verb, and what they refuse."""

from functools import partial

import pytest
from msgspec.structs import replace
from pulumi import automation

from tests.infra.engine_room import EngineRoom, changes
from tests.infra.small_program import small

pytestmark = pytest.mark.infra

_EVERYTHING = 11  # resources of the small program, the stack and the provider of Kubernetes included


def test_a_stack_is_previewed_made_left_alone_changed_refreshed_and_destroyed(room: EngineRoom) -> None:
    """One test, for each verb stands on the one before."""
    stack = room.stack(small, {})
    assert changes(stack.preview()) == {"create": _EVERYTHING}
    assert room.state.all() == [], "a preview makes nothing"

    assert changes(stack.up()) == {"create": _EVERYTHING}
    assert stack.outputs()["password"].secret
    assert stack.outputs()["password"].value not in room.stored(stack)
    assert changes(stack.up()) == {"same": _EVERYTHING}

    changed = room.stack(partial(small, tag="second"), {})
    assert changes(changed.up()) == {"same": _EVERYTHING - 1, "update": 1}
    _drifts_and_is_found(room, changed)

    assert changes(changed.destroy()) == {"delete": _EVERYTHING}
    assert room.state.all() == []


def _drifts_and_is_found(room: EngineRoom, stack: automation.Stack) -> None:
    assert set(changes(stack.refresh())) == {"same"}
    (network,) = [entry for entry in room.state.all() if entry.type.endswith(":VirtualNetwork")]
    room.state.drift(replace(network, inputs=network.inputs | {"tags": {}}, outputs=network.outputs | {"tags": {}}))
    assert changes(stack.refresh())["update"] == 1
    assert changes(stack.up())["update"] == 1, "what drifted is put right"


def test_what_is_in_use_is_not_replaced_and_a_cluster_lets_in_who_has_a_role(room: EngineRoom) -> None:
    stack = room.stack(partial(small, granted=False), {})
    with pytest.raises(automation.CommandError, match="is forbidden on small-cluster: it has no role assignment there"):
        stack.up()
    room.stack(small, {}).up()
    with pytest.raises(
        automation.CommandError, match=r"subnets/nodes is still used by .*/managedClusters/small-cluster"
    ):
        room.stack(partial(small, subnet_name="others"), {}).up()
