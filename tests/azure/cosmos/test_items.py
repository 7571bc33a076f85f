"""Items of the mock, through the SDK: conditions, partitions, limits, expiry, and what the service does to JSON."""

import pytest
from azure.core import MatchConditions
from azure.cosmos import ContainerProxy
from azure.cosmos.exceptions import (
    CosmosAccessConditionFailedError,
    CosmosHttpResponseError,
    CosmosResourceExistsError,
    CosmosResourceNotFoundError,
)

from tests.azure.cosmos.account import CosmosAccount
from tests.azure.cosmos.refusal import Refusal, refused, throttled
from tests.azure.faults import LOST, Fault

ONE = {"id": "1", "owner": "ada", "n": 1}
SAME = MatchConditions.IfNotModified


def test_an_item_comes_back_with_the_services_own_members(container: ContainerProxy) -> None:
    made = container.create_item(ONE)
    assert {**ONE, **made} == made
    assert {name for name in made if name.startswith("_")} == {"_rid", "_self", "_etag", "_attachments", "_ts"}
    assert made["_etag"].startswith('"')
    assert dict(container.read_item("1", "ada")) == dict(made)


def test_an_id_is_taken_once_in_a_partition_and_is_free_in_another(container: ContainerProxy) -> None:
    container.create_item(ONE)
    with pytest.raises(CosmosResourceExistsError):
        container.create_item(ONE)
    container.create_item({**ONE, "owner": "bob"})
    assert container.read_item("1", "bob")["owner"] == "bob"


def test_what_is_not_there_is_404_and_not_500(container: ContainerProxy) -> None:
    for ask in (lambda: container.read_item("1", "ada"), lambda: container.delete_item("1", "ada")):
        with pytest.raises(CosmosResourceNotFoundError) as caught:
            ask()
        assert "Sub Status" not in str(caught.value)


def test_a_container_that_is_not_there_is_told_apart_from_an_item(
    container: ContainerProxy, account: CosmosAccount
) -> None:
    container.create_item(ONE)
    account.databases.clear()
    with pytest.raises(CosmosResourceNotFoundError) as caught:
        container.read_item("1", "ada")
    assert "Sub Status: 1003" in str(caught.value)


def test_only_that_version_is_replaced_or_deleted(container: ContainerProxy) -> None:
    first = container.create_item(ONE)
    second = container.replace_item("1", {**ONE, "n": 2}, etag=first["_etag"], match_condition=SAME)
    assert second["_etag"] != first["_etag"]
    with pytest.raises(CosmosAccessConditionFailedError):
        container.replace_item("1", {**ONE, "n": 3}, etag=first["_etag"], match_condition=SAME)
    with pytest.raises(CosmosAccessConditionFailedError):
        container.delete_item("1", "ada", etag=first["_etag"], match_condition=SAME)
    assert container.read_item("1", "ada")["n"] == 2
    container.delete_item("1", "ada", etag=second["_etag"], match_condition=SAME)


def test_an_item_that_is_known_already_is_not_sent_again(container: ContainerProxy) -> None:
    etag = container.create_item(ONE)["_etag"]
    different = MatchConditions.IfModified
    assert not container.read_item("1", "ada", etag=etag, match_condition=different)
    container.upsert_item({**ONE, "n": 2})
    assert container.read_item("1", "ada", etag=etag, match_condition=different)["n"] == 2


def test_upsert_creates_or_replaces(container: ContainerProxy) -> None:
    container.upsert_item(ONE)
    container.upsert_item({**ONE, "n": 2})
    assert container.read_item("1", "ada")["n"] == 2
    assert len(list(container.read_all_items())) == 1


@pytest.mark.parametrize("id", ["a/b", "a?b", "a#b", "a\\b", ""])
def test_an_id_that_cannot_be_one_is_refused_as_the_sdk_does(account: CosmosAccount, id: str) -> None:
    with pytest.raises(Refusal, match="invalid"):
        account.databases["db"].containers["things"].create({"id": id, "owner": "ada"}, "ada")


def test_an_item_of_another_partition_than_its_header_names_is_refused(account: CosmosAccount) -> None:
    with pytest.raises(Refusal, match="PartitionKey extracted"):
        account.databases["db"].containers["things"].create(ONE, "bob")


def test_an_item_above_two_megabytes_is_refused(container: ContainerProxy) -> None:
    with pytest.raises(CosmosHttpResponseError) as caught:
        container.create_item({**ONE, "text": "x" * 2_100_000})
    assert caught.value.status_code == 413


def test_numbers_come_back_as_floating_point_ones_keep_them(container: ContainerProxy) -> None:
    made = container.create_item({**ONE, "big": 123456789012345678901234567890, "whole": 1e2, "some": [0.5, True]})
    assert made["big"] == 1.2345678901234568e29
    assert repr(made["whole"]) == "100"
    assert made["some"] == [0.5, True]


def test_items_expire_by_the_clock_where_their_container_says_so(
    container: ContainerProxy, account: CosmosAccount
) -> None:
    now = [1000.0]
    account.clock = lambda: now[0]
    inside = account.databases["db"].containers["things"]
    container.create_item({**ONE, "ttl": 10})
    now[0] += 1000
    assert container.read_item("1", "ada")  # it is not switched on there
    inside.ttl = 100
    container.upsert_item({**ONE, "id": "2"})
    container.upsert_item({**ONE, "id": "3", "ttl": -1})
    now[0] += 99
    assert len(list(container.read_all_items())) == 2
    now[0] += 1
    assert [item["id"] for item in container.read_all_items()] == ["3"]
    container.create_item(ONE)  # the expired one's id is free


def test_throttling_is_waited_out_by_the_sdk(container: ContainerProxy, account: CosmosAccount) -> None:
    container.create_item(ONE)
    account.faults.add(Fault(throttled(1)), 2)
    assert container.read_item("1", "ada")
    assert account.faults.met == 2


def test_an_answer_may_be_lost_after_the_effect(container: ContainerProxy, account: CosmosAccount) -> None:
    container.create_item(ONE)
    account.faults.add(LOST, 9, method="DELETE")
    with pytest.raises(Exception, match="cut"):
        container.delete_item("1", "ada")
    account.faults.end()
    assert list(container.read_all_items()) == []


def test_a_fault_may_be_for_some_requests_only(container: ContainerProxy, account: CosmosAccount) -> None:
    container.create_item(ONE)
    account.faults.add(Fault(refused(403)), method="PUT", path="/docs/1")
    assert container.read_item("1", "ada")
    with pytest.raises(CosmosHttpResponseError):
        container.replace_item("1", ONE)


def test_what_is_not_modelled_says_so(container: ContainerProxy) -> None:
    container.create_item(ONE)
    with pytest.raises(CosmosHttpResponseError, match="not modelled"):
        container.patch_item("1", "ada", [{"op": "incr", "path": "/n", "value": 1}])
