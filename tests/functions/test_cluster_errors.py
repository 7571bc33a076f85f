"""What the cluster says when it says no, in words that a caller or an operator can use. Nothing of it is a 500."""

from pathlib import Path

import pytest

from functions.cluster import ClusterSettings, KubernetesDeployer
from functions.deployer import CardNotChanged, LogQuery, WorkloadNotChanged
from functions.reconcile import Actions
from gateway.card import LIMIT, card_of, encode
from gateway.env import SettingsError
from gateway.errors import Unavailable
from gateway.records import Amounts, Resources
from tests.contracts.records import adapter
from tests.functions.api_objects import Failed
from tests.functions.on_cluster import REGISTRY, OnCluster, on_cluster

_FORBIDDEN = 'services is forbidden: User "system:serviceaccount:x" cannot create resource "services" in API group ""'
_QUOTA = 'statefulsets.apps "mcp-one" is forbidden: exceeded quota: small, requested: count/statefulsets.apps=1'


async def test_missing_right_names_verb_and_resource(running: OnCluster) -> None:
    running.server.refusals["create services"] = Failed(403, "Forbidden", _FORBIDDEN)
    with pytest.raises(CardNotChanged) as caught:
        await running.deployer.apply(adapter())
    assert caught.value.detail == "The control plane may not create services on the cluster; an operator must allow it."


async def test_unknown_identity_is_the_operators_affair(running: OnCluster) -> None:
    running.server.token = "another"
    for act in (
        running.deployer.apply(adapter()),
        running.deployer.status(adapter()),
        running.deployer.logs(adapter(), LogQuery()),
        running.deployer.owned(),
    ):
        with pytest.raises(Unavailable, match="does not accept the control plane's identity"):
            await act


async def test_refused_workload_says_why_fails_on_its_card_and_is_tried_again(running: OnCluster) -> None:
    running.server.refusals["create statefulsets"] = Failed(403, "Forbidden", _QUOTA)
    created = await running.lifecycle.create(adapter())
    assert created.record.status == "Pending"
    assert running.card().state == "failed"
    assert "exceeded quota" in running.card().reason
    running.server.questions.clear()
    assert (await running.reconcile.once()).failed == 1
    assert running.server.writes == ["create statefulsets"]
    running.server.refusals.clear()
    assert (await running.reconcile.once()).healed == 1
    await running.reconciled()
    assert running.card().state == ""


async def test_record_that_was_stored_before_it_would_be_refused_fails_on_its_card(running: OnCluster) -> None:
    impossible = adapter(resources=Resources(requests=Amounts(cpu="2"), limits=Amounts(cpu="1")))
    with pytest.raises(WorkloadNotChanged, match=r"resources\.requests\.cpu"):
        await running.deployer.apply(impossible)
    assert running.card().state == "failed"


async def test_card_at_its_limit_can_still_say_that_it_failed(running: OnCluster) -> None:
    room = LIMIT - len(encode(card_of(adapter(required_roles=[""]))))
    record = adapter(image_name="missing", required_roles=["r" * room])
    assert len(encode(card_of(record))) == LIMIT
    await running.deployer.apply(record)
    await running.deployer.apply(record)
    assert running.card().state == "failed"


async def test_refused_change_leaves_the_card_of_what_still_runs(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    running.server.refusals["update statefulsets"] = Failed(422, "Invalid", "is invalid")
    with pytest.raises(WorkloadNotChanged):
        await running.deployer.apply(adapter(generation=2))
    assert (running.card().state, running.card().generation) == ("", 2)


@pytest.mark.parametrize(
    ("field", "member"),
    [
        ("spec.template.spec.containers[0].env[1].name", "environmentVariables.A"),
        ("spec.template.spec.containers[0].env[99].name", "environmentVariables"),
        ("spec.template.spec.containers[0].resources.requests", "resources"),
        ("spec.template.spec.containers[0].image", "imageName"),
        ("spec.template.spec.containers[0].readinessProbe.httpGet.path", "probe"),
        ("spec.replicas", "replicaCount"),
    ],
)
async def test_invalid_member_is_named_as_in_the_record(running: OnCluster, field: str, member: str) -> None:
    causes = [{"field": field, "message": "Invalid value: x"}]
    running.server.refusals["create statefulsets"] = Failed(422, "Invalid", "StatefulSet is invalid", causes)
    with pytest.raises(WorkloadNotChanged) as caught:
        await running.deployer.apply(adapter(environment_variables={"A": "1"}))
    assert caught.value.detail == f"{member}: Invalid value: x"
    assert running.card().reason == caught.value.detail


async def test_busy_store_of_the_cluster_does_not_fail_the_card(running: OnCluster) -> None:
    running.server.refusals["create statefulsets"] = Failed(500, "InternalError", "etcdserver: no leader")
    with pytest.raises(WorkloadNotChanged, match="not able to serve at the moment"):
        await running.deployer.apply(adapter())
    assert running.card().state == ""


async def test_right_missing_for_a_part_of_the_status_is_said(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    said = 'events is forbidden: User "x" cannot list resource "events"'
    running.server.refusals["list events"] = Failed(403, "Forbidden", said)
    with pytest.raises(Unavailable, match="may not list events"):
        await running.deployer.status(adapter())


async def test_right_missing_for_logs_is_said(running: OnCluster) -> None:
    await running.deployer.apply(adapter())
    said = 'pods is forbidden: User "x" cannot get resource "pods/log"'
    running.server.refusals["get pods/log"] = Failed(403, "Forbidden", said)
    with pytest.raises(Unavailable, match="may not get pods/log"):
        await running.deployer.logs(adapter(), LogQuery())


async def test_list_that_expires_while_it_is_read_begins_again(running: OnCluster) -> None:
    for number in range(5):
        await running.deployer.apply(adapter(f"a{number}", replica_count=0))
    running.server.expiring = ["list services", "list services"]
    assert len(await running.deployer.owned()) == 5
    assert running.server.expiring == []
    running.server.expiring = ["list statefulsets"] * 3
    with pytest.raises(Unavailable, match="expired while it was being read"):
        await running.deployer.owned()


async def test_nobody_there_is_unavailable(tmp_path: Path) -> None:
    async with on_cluster(tmp_path) as running:
        kubeconfig = running.settings.kubeconfig
    deployer = KubernetesDeployer(ClusterSettings(registry=REGISTRY, kubeconfig=kubeconfig))
    with pytest.raises(CardNotChanged, match="could not be reached"):
        await deployer.apply(adapter())
    with pytest.raises(Unavailable, match="could not be reached"):
        await deployer.status(adapter())
    await deployer.close()


async def test_cluster_that_cannot_be_found_stops_the_start(tmp_path: Path) -> None:
    for kubeconfig in (str(tmp_path / "none"), ""):
        with pytest.raises(SettingsError, match="Kubernetes__Kubeconfig"):
            await KubernetesDeployer(ClusterSettings(registry=REGISTRY, kubeconfig=kubeconfig)).start()


async def test_reconcile_without_a_cluster_changes_nothing_and_says_so(running: OnCluster) -> None:
    await running.lifecycle.create(adapter())
    running.server.refusals["list statefulsets"] = Failed(500, "InternalError", "etcdserver: no leader")
    with pytest.raises(Unavailable, match="list statefulsets, status 500"):
        await running.reconcile.once()
    running.server.refusals.clear()
    assert await running.reconcile.once() == Actions()
