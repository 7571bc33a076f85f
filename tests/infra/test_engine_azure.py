"""The whole program by the real engine, from nothing to nothing. Azure, Entra and AKS are stand-ins that check what they are asked for."""

import base64
from functools import partial

import pytest
from msgspec.structs import replace
from pulumi import automation

from infra.program import main
from tests.infra.beside import Beside
from tests.infra.engine_room import EngineRoom, changes
from tests.infra.order import Order
from tests.infra.stacks import DEV, PRIVATE, PRODUCTION

pytestmark = pytest.mark.infra

_APP = "azure-native:web:WebApp"
_CLUSTER = "azure-native:containerservice:ManagedCluster"
_NETWORK = "azure-native:network:VirtualNetwork"
_SUBNET = "azure-native:network:Subnet"
_ROLE = "azure-native:authorization:RoleAssignment"
_DEPLOYMENT, _STATEFUL_SET = "kubernetes:apps/v1:Deployment", "kubernetes:apps/v1:StatefulSet"
_POLICY = "kubernetes:networking.k8s.io/v1:NetworkPolicy"
_NAMESPACE, _SERVICE = "kubernetes:core/v1:Namespace", "kubernetes:core/v1:Service"


def test_an_environment_is_made_kept_changed_looked_after_and_unmade(room: EngineRoom) -> None:
    """One test, for each verb stands on the one before."""
    stack = room.stack(partial(main, Beside(room.state)), DEV)
    foreseen = changes(stack.preview())
    assert set(foreseen) == {"create"}
    assert room.state.journal() == [], "a preview makes nothing"

    assert changes(stack.up()) == foreseen
    _was_made_in_order(room)
    _keeps_its_secrets(room, stack)
    assert set(changes(stack.up())) == {"same"}

    changed = room.stack(partial(main, Beside(room.state, code=b"another zip")), {**DEV, "sessionDays": "7"})
    made = changes(changed.up())
    assert made["update"] == 2, "the two containers whose items expire"
    assert made["replace"] == 1, "the publication"

    _drifts_and_is_put_right(room, changed)
    before = len(room.state.journal())
    assert set(changes(changed.destroy())) == {"delete"}
    assert room.state.all() == []
    _was_unmade_in_order(Order(room.state.journal()[before:]))


@pytest.mark.parametrize("config", [PRODUCTION, PRIVATE], ids=["production", "private"])
def test_what_is_asked_for_in_production_is_what_azure_takes(room: EngineRoom, config: dict[str, str]) -> None:
    outside = [config[key] for key in ("foundryResourceId",) if key in config]
    (room.state.folder / "outside").write_text("\n".join(outside))
    stack = room.stack(partial(main, Beside(room.state)), config, "prod")
    foreseen = changes(stack.preview())
    assert changes(stack.up()) == foreseen
    assert set(changes(stack.up())) == {"same"}
    with pytest.raises(automation.CommandError, match="is protected"):
        stack.destroy()


def test_what_is_missing_is_said_before_anything_is_made(room: EngineRoom) -> None:
    stack = room.stack(partial(main, Beside(room.state, missing=["the right to assign roles"])), DEV)
    with pytest.raises(automation.CommandError, match="the right to assign roles"):
        stack.up()
    assert room.state.all() == []


def _was_made_in_order(room: EngineRoom) -> None:
    order = Order(room.state.journal())
    pods = [*order.of("made", _DEPLOYMENT), *order.of("made", _STATEFUL_SET)]
    objects = [place for place, event in enumerate(order.events) if event.type.startswith("kubernetes:")]
    admission, publication = order.of("done", "admission"), order.of("done", "publication")
    order.assert_before(_administrator(room, order), admission)
    order.assert_before(admission, objects)
    order.assert_before(order.of("made", _POLICY), pods)
    order.assert_before(order.of("done", "build", "mcpgateway"), pods)
    order.assert_before(pods, order.of("made", _APP))
    order.assert_before(order.of("made", _APP), publication)


def _administrator(room: EngineRoom, order: Order) -> list[int]:
    """Where the deployer is given its role on the cluster."""
    (cluster,) = [entry for entry in room.state.all() if entry.type == _CLUSTER]
    held = [entry for entry in room.state.all() if entry.type == _ROLE and entry.inputs["scope"] == cluster.id]
    return [place for place, event in enumerate(order.events) if event.id in {entry.id for entry in held}]


def _was_unmade_in_order(order: Order) -> None:
    pods = [*order.of("removed", _DEPLOYMENT), *order.of("removed", _STATEFUL_SET)]
    workloads = order.of("removed", _NAMESPACE, "adapter")
    front = order.of("removed", _SERVICE, "mcp-gateway/mcpgateway-service")
    everything = [place for place, event in enumerate(order.events) if event.type.startswith("kubernetes:")]
    order.assert_before(order.of("removed", _APP), pods)
    order.assert_before(order.of("removed", _APP), workloads)
    order.assert_before(workloads, front)
    order.assert_before(everything, order.of("removed", _CLUSTER))
    order.assert_before(front, order.of("removed", _SUBNET))
    order.assert_before(order.of("removed", _SUBNET), order.of("removed", _NETWORK))


def _keeps_its_secrets(room: EngineRoom, stack: automation.Stack) -> None:
    assert not any(value.secret for value in stack.outputs().values()), "no output is a secret"
    stored = room.stored(stack)
    (insights,) = [entry for entry in room.state.all() if entry.type.endswith("insights:Component")]
    values = [insights.outputs["connectionString"]]
    for secret in [entry for entry in room.state.all() if entry.type == "kubernetes:core/v1:Secret"]:
        values += [base64.b64decode(value).decode() for value in secret.outputs["data"].values()]
    assert len(values) > 3
    assert DEV["resourceLabel"] in stored
    assert not [value for value in values if value in stored], "every secret is stored encrypted"


def _drifts_and_is_put_right(room: EngineRoom, stack: automation.Stack) -> None:
    (app,) = [entry for entry in room.state.all() if entry.type == _APP]
    open_to_all = {"httpsOnly": False}
    room.state.drift(replace(app, inputs=app.inputs | open_to_all, outputs=app.outputs | open_to_all))
    assert changes(stack.refresh())["update"] == 1
    assert changes(stack.up())["update"] == 1
    assert room.state.get(app.id) == app
    assert set(changes(stack.refresh())) == {"same"}
