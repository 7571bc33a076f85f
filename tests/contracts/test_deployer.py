"""Every sentence of `Deployer` in functions/deployer.py."""

import asyncio

import pytest
from msgspec import structs

from functions.deployer import CardNotChanged, LogQuery, Status
from gateway.card import card_of
from gateway.errors import Invalid, NotFound
from tests.contracts.deployers import DeployerRig
from tests.contracts.records import adapter, tool


async def test_apply_puts_the_card_in_force_before_it_returns(rig: DeployerRig) -> None:
    for record in (adapter("a", required_roles=["r"]), tool("t")):
        await rig.deployer.apply(record)
        assert rig.card("tool" if record.name == "t" else "adapter", record.name) == card_of(record)


async def test_apply_makes_the_workload_run(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=2))
    await rig.healthy(adapter(replica_count=2))


async def test_apply_may_be_repeated_and_changes_nothing_then(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    await rig.healthy(adapter())
    before = await rig.deployer.status(adapter())
    await asyncio.gather(*(rig.deployer.apply(adapter()) for _ in range(3)))
    assert await rig.deployer.status(adapter()) == before
    assert len(await rig.deployer.owned()) == 1


async def test_a_newer_generation_replaces_the_card(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0, required_roles=["old"]))
    newer = adapter(replica_count=0, required_roles=[], generation=2)
    await rig.deployer.apply(newer)
    assert rig.card("adapter", "one") == card_of(newer)


async def test_a_change_of_roles_restarts_nothing(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    await rig.healthy(adapter())
    before = await rig.until(lambda: rig.deployer.logs(adapter(), LogQuery()), lambda page: page.text.count("\n") == 2)
    newer = adapter(required_roles=["new"], generation=2)
    await rig.deployer.apply(newer)
    await rig.healthy(newer)
    assert (await rig.deployer.status(newer)).updated_replicas == 1
    assert await rig.deployer.logs(newer, LogQuery()) == before


async def test_an_older_generation_is_dropped_silently(rig: DeployerRig) -> None:
    newer = adapter(replica_count=0, generation=3)
    await rig.deployer.apply(newer)
    await rig.deployer.apply(adapter(replica_count=1, required_roles=["revoked"], generation=2))
    assert rig.card("adapter", "one") == card_of(newer)
    assert [owned.generation for owned in await rig.deployer.owned()] == [3]


async def test_another_uid_under_the_name_is_not_touched(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0))
    with pytest.raises(CardNotChanged):
        await rig.deployer.apply(adapter(replica_count=0, uid="another", generation=9))
    assert rig.card("adapter", "one") == card_of(adapter(replica_count=0))


async def test_after_its_removal_the_name_can_be_used_by_another_uid(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0))
    await rig.deployer.remove("adapter", "one", adapter().uid)
    another = adapter(replica_count=0, uid="another")
    await rig.deployer.apply(another)
    assert rig.card("adapter", "one") == card_of(another)


async def test_an_adapter_and_a_tool_of_one_name_are_two(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0))
    await rig.deployer.apply(tool(replica_count=0))
    await rig.deployer.remove("adapter", "one", adapter().uid)
    assert rig.card("adapter", "one") is None
    assert rig.card("tool", "one") == card_of(tool(replica_count=0))


async def test_remove_takes_the_card_and_the_rest(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    await rig.healthy(adapter())
    await rig.deployer.remove("adapter", "one", adapter().uid)
    assert rig.card("adapter", "one") is None
    await rig.until(rig.deployer.owned, lambda owned: owned == [])
    assert (await rig.deployer.status(adapter())).replica_status == "Pending"


async def test_remove_may_be_repeated_at_once_and_later(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    await asyncio.gather(*(rig.deployer.remove("adapter", "one", adapter().uid) for _ in range(3)))
    await rig.deployer.remove("adapter", "one", adapter().uid)
    await rig.until(rig.deployer.owned, lambda owned: owned == [])


async def test_remove_of_nothing_or_of_another_uid_is_no_error_and_removes_nothing(rig: DeployerRig) -> None:
    await rig.deployer.remove("tool", "never-there", "any")
    await rig.deployer.apply(adapter(replica_count=0))
    await rig.deployer.remove("adapter", "one", "another")
    assert rig.card("adapter", "one") == card_of(adapter(replica_count=0))
    assert len(await rig.deployer.owned()) == 1


async def test_status_of_nothing_is_pending(rig: DeployerRig) -> None:
    assert await rig.deployer.status(adapter()) == Status(None, None, None, "listens:1", "Pending")


async def test_status_of_an_earlier_record_of_that_name_is_pending(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0))
    assert (await rig.deployer.status(adapter(uid="another"))).replica_status == "Pending"


async def test_status_counts_what_is_ready(rig: DeployerRig) -> None:
    record = adapter(replica_count=2)
    await rig.deployer.apply(record)
    await rig.healthy(record)
    status = await rig.deployer.status(record)
    assert (status.ready_replicas, status.updated_replicas, status.available_replicas) == (2, 2, 2)
    assert status.image == "listens:1"
    assert [(i.instance, i.ready, i.restarts) for i in status.instances] == [(0, True, 0), (1, True, 0)]


async def test_status_of_what_is_not_ready_is_degraded_and_says_so_per_instance(rig: DeployerRig) -> None:
    record = adapter(image_name="idles")
    await rig.deployer.apply(record)
    status = await rig.deployer.status(record)
    assert status.replica_status == "Degraded: 0/1 ready"
    assert [(i.instance, i.ready, bool(i.reason)) for i in status.instances] == [(0, False, True)]


async def test_no_replicas_are_healthy(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter(replica_count=0))
    assert (await rig.deployer.status(adapter(replica_count=0))).replica_status == "Healthy"


async def test_a_changed_number_of_replicas_is_followed_both_ways(rig: DeployerRig) -> None:
    for generation, count in enumerate((1, 3, 1, 0), 1):
        record = adapter(replica_count=count, generation=generation)
        await rig.deployer.apply(record)
        await rig.healthy(record)
        assert len((await rig.deployer.status(record)).instances) == count


async def test_logs_are_the_lines_an_instance_printed(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    page = await rig.until(lambda: rig.deployer.logs(adapter(), LogQuery()), lambda page: page.text.count("\n") == 2)
    assert sorted(page.text.splitlines()) == ["ready on stderr", "ready on stdout"]


async def test_logs_give_the_last_lines_asked_for(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    await rig.until(lambda: rig.deployer.logs(adapter(), LogQuery()), lambda page: page.text.count("\n") == 2)
    assert (await rig.deployer.logs(adapter(), LogQuery(tail=1))).text == "ready on stderr\n"


async def test_logs_after_a_cursor_are_the_lines_since_and_may_be_waited_for(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    page = await rig.deployer.logs(adapter(), LogQuery())
    cursor, text = page.cursor, page.text  # a fast instance has printed already
    async with asyncio.timeout(rig.patience):
        while text.count("\n") < 2:
            page = await rig.deployer.logs(adapter(), LogQuery(since=cursor, wait=10))
            cursor, text = page.cursor, text + page.text
    assert text.count("ready on") == 2
    again = await rig.deployer.logs(adapter(), LogQuery(since=cursor))
    assert (again.text, again.cursor) == ("", cursor)


async def test_logs_of_an_instance_there_is_not_are_not_found(rig: DeployerRig) -> None:
    with pytest.raises(NotFound):
        await rig.deployer.logs(adapter(), LogQuery())
    await rig.deployer.apply(adapter())
    for instance in (1, 31):
        with pytest.raises(NotFound):
            await rig.deployer.logs(adapter(), LogQuery(instance=instance))


async def test_a_cursor_that_is_not_ours_is_invalid(rig: DeployerRig) -> None:
    await rig.deployer.apply(adapter())
    with pytest.raises(Invalid) as caught:
        await rig.deployer.logs(adapter(), LogQuery(since="../../etc/passwd"))
    assert caught.value.field == "since"


async def test_owned_lists_all_that_is_ours(rig: DeployerRig) -> None:
    assert await rig.deployer.owned() == []
    await rig.deployer.apply(adapter(generation=4))
    await rig.deployer.apply(tool("two", replica_count=0))
    found = {(o.kind, o.name): o for o in await rig.deployer.owned()}
    assert set(found) == {("adapter", "one"), ("tool", "two")}
    one = found["adapter", "one"]
    assert (one.uid, one.generation, one.whole) == ("uid-of-one", 4, True)
    assert 0 <= one.age < 60


async def test_what_could_never_run_is_refused_with_its_field(rig: DeployerRig) -> None:
    rig.deployer.refuse(adapter())
    rig.deployer.refuse(tool())
    if rig.impossible:
        with pytest.raises(Invalid) as caught:
            rig.deployer.refuse(rig.impossible)
        assert caught.value.field


async def test_the_card_of_what_runs_survives_a_change_that_comes_too_late(rig: DeployerRig) -> None:
    """A slow writer whose record was deleted and created anew must not bring its rights back."""
    old = adapter(replica_count=0, required_roles=["revoked"], generation=5)
    await rig.deployer.apply(old)
    await rig.deployer.remove("adapter", "one", old.uid)
    new = structs.replace(old, uid="new", generation=1, required_roles=[])
    await rig.deployer.apply(new)
    with pytest.raises(CardNotChanged):
        await rig.deployer.apply(structs.replace(old, generation=6))
    assert rig.card("adapter", "one") == card_of(new)
