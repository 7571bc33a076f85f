"""The database: what is kept where and for how long, and who may touch it."""

from functools import cache
from typing import Any, Literal

import pytest
from pulumi import ResourceHookArgs

from infra.capacity import CapacityError, unchanged
from infra.database import AGENTS, CATALOG, JOURNAL, SESSIONS, Database, DatabaseArgs
from tests.infra.asked import INSIDE, PRINCIPAL, Asked, site

DAY = 86_400
EVERYTHING = (CATALOG, AGENTS, SESSIONS, JOURNAL)


@cache
def database(
    grants: tuple[tuple[str, tuple[str, ...], bool], ...] = (),
    *,
    mode: Literal["serverless", "provisioned"] = "serverless",
    session_days: int = 7,
    **kind: bool,
) -> Asked:
    args = DatabaseArgs(site=site(**kind), inside=INSIDE, mode=mode, session_days=session_days)

    def program() -> None:
        made = Database("database", args)
        for component, containers, write in grants:
            made.grant(component, PRINCIPAL, containers, write=write)

    return Asked(program)


@pytest.mark.parametrize("production", [False, True])
def test_a_read_sees_every_write_before_it_and_there_are_no_keys(production: bool) -> None:
    account = database(production=production).only("DatabaseAccount").inputs
    assert account["accountName"] == "mg-storage-team"
    assert account["consistencyPolicy"] == {"defaultConsistencyLevel": "Strong"}
    assert [one["locationName"] for one in account["locations"]] == ["westeurope"]
    assert account["disableLocalAuth"] is True
    assert account["disableKeyBasedMetadataWriteAccess"] is True
    assert account["minimalTlsVersion"] == "Tls12"


def test_containers_are_those_of_the_design() -> None:
    kept = {
        one.inputs["containerName"]: (
            one.inputs["resource"]["partitionKey"]["paths"],
            one.inputs["resource"].get("defaultTtl"),
        )
        for one in database().of("SqlResourceSqlContainer")
    }
    assert kept == {
        "CatalogContainer": (["/id"], None),
        "AgentContainer": (["/id"], None),
        "SessionContainer": (["/id"], 7 * DAY),
        "JournalContainer": (["/sessionId"], 7 * DAY),
    }


def test_what_records_and_events_say_is_not_indexed_and_their_ids_are() -> None:
    for one in database().of("SqlResourceSqlContainer"):
        policy = one.inputs["resource"]["indexingPolicy"]
        assert (policy["indexingMode"], policy["includedPaths"]) == ("consistent", [{"path": "/*"}])
        excluded = {each["path"] for each in policy["excludedPaths"]}
        assert excluded == {"/record/?", "/text/?", "/base64/?", "/stamp/?", '/"_etag"/?'}, (
            "records are read in order of ids"
        )


def test_serverless_asks_for_no_throughput() -> None:
    asked = database()
    assert asked.only("DatabaseAccount").inputs["capabilities"] == [{"name": "EnableServerless"}]
    assert not asked.only("SqlResourceSqlDatabase").inputs.get("options")


def test_provisioned_throughput_is_shared_by_all_containers() -> None:
    asked = database(mode="provisioned")
    assert not asked.only("DatabaseAccount").inputs.get("capabilities")
    assert asked.only("SqlResourceSqlDatabase").inputs["options"] == {"autoscaleSettings": {"maxThroughput": 1000}}
    assert not any(one.inputs.get("options") for one in asked.of("SqlResourceSqlContainer"))


@pytest.mark.parametrize(("private", "access", "links"), [(False, "Enabled", 0), (True, "Disabled", 1)])
def test_a_private_one_is_reached_from_inside_only(private: bool, access: str, links: int) -> None:
    asked = database(private=private)
    assert asked.only("DatabaseAccount").inputs["publicNetworkAccess"] == access
    assert len(asked.of("PrivateEndpoint")) == len(asked.of("PrivateDnsZoneGroup")) == links
    if private:
        assert asked.only("PrivateZone").inputs["privateZoneName"] == "privatelink.documents.azure.com"


@pytest.mark.parametrize("production", [False, True])
def test_what_holds_records_is_protected_in_production(production: bool) -> None:
    asked = database(production=production)
    holding = [
        asked.only("DatabaseAccount"),
        asked.only("SqlResourceSqlDatabase"),
        *asked.of("SqlResourceSqlContainer"),
    ]
    assert {one.protect for one in holding} == {production}


def test_the_control_plane_writes_everywhere_container_by_container() -> None:
    asked = database((("control-plane", EVERYTHING, True),))
    account = asked.only("DatabaseAccount").id
    writer = asked.only("SqlResourceSqlRoleDefinition", "writer")
    given = {
        one.inputs["scope"].removeprefix(account)
        for one in asked.of("SqlResourceSqlRoleAssignment")
        if one.inputs["roleDefinitionId"] == writer.id
    }
    assert given == {f"/dbs/McpGatewayDb/colls/{name}" for name in EVERYTHING}


def test_agents_have_no_right_in_the_catalog() -> None:
    asked = database((("agents", (AGENTS, SESSIONS, JOURNAL), True),))
    assert not [one for one in asked.of("SqlResourceSqlRoleAssignment") if CATALOG in one.inputs["scope"]]


def test_of_the_whole_account_a_component_reads_names_only() -> None:
    asked = database(
        (
            ("agents", (AGENTS,), True),
            ("agents", (CATALOG,), False),
        )
    )
    account = asked.only("DatabaseAccount").id
    whole = [one for one in asked.of("SqlResourceSqlRoleAssignment") if one.inputs["scope"] == account]
    metadata = asked.only("SqlResourceSqlRoleDefinition", "metadata")
    assert [one.inputs["roleDefinitionId"] for one in whole] == [metadata.id]
    assert metadata.inputs["permissions"] == [
        {"dataActions": ["Microsoft.DocumentDB/databaseAccounts/readMetadata"]},
    ]


def test_a_reader_changes_nothing() -> None:
    reader = database().only("SqlResourceSqlRoleDefinition", "reader")
    actions = [action for one in reader.inputs["permissions"] for action in one["dataActions"]]
    assert actions
    assert not [action for action in actions if action.endswith(("*", "create", "replace", "upsert", "delete"))]


def test_changes_of_roles_are_made_one_after_the_other() -> None:
    asked = database(
        (
            ("control-plane", EVERYTHING, True),
            ("agents", (AGENTS,), True),
        )
    )
    of_roles = [*asked.of("SqlResourceSqlRoleDefinition"), *asked.of("SqlResourceSqlRoleAssignment")]
    urns = {one.urn for one in of_roles}
    waited_for = [urns & set(one.dependencies) for one in of_roles]
    # Each is waited for by the next, and only the first waits for none.
    assert len([before for before in waited_for if not before]) == 1
    assert len({urn for before in waited_for for urn in before}) == len(of_roles) - 1


def test_a_container_of_nobody_is_refused() -> None:
    with pytest.raises(ValueError, match="OtherContainer"):
        database((("agents", ("OtherContainer",), True),))


SERVERLESS: dict[str, Any] = {"capabilities": [{"name": "EnableServerless"}]}


def change(before: dict[str, Any], after: dict[str, Any]) -> None:
    unchanged(ResourceHookArgs("urn", "id", "database", "type", new_inputs=after, old_inputs=before))


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [(SERVERLESS, {}, "is serverless, and provisioned"), ({}, SERVERLESS, "is provisioned, and serverless")],
)
def test_a_change_of_the_mode_is_refused(before: dict[str, Any], after: dict[str, Any], says: str) -> None:
    with pytest.raises(CapacityError, match=f"cosmosMode: the account {says}"):
        change(before, after)


def test_other_changes_are_none_of_its_business() -> None:
    change(SERVERLESS, SERVERLESS | {"publicNetworkAccess": "Disabled"})
    change({"capabilities": []}, {})
