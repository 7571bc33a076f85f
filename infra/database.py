"""Database: the record store, in Cosmos. One region and Strong, so that a read sees every write before it; no keys.

Who may touch which container is said by `grant`, in Cosmos' own data roles. What the containers are for: DESIGN §3.
"""

from collections.abc import Mapping, Sequence
from typing import Literal

import msgspec
import pulumi
from pulumi_azure_native import cosmosdb

from infra.capacity import SERVERLESS, kept
from infra.data_roles import DataRoles
from infra.private_link import Inside, PrivateLink, PrivateLinkArgs
from infra.site import Site

DATABASE = "McpGatewayDb"
CATALOG, AGENTS, SESSIONS, JOURNAL = "CatalogContainer", "AgentContainer", "SessionContainer", "JournalContainer"
PARTITION_KEYS: Mapping[str, str] = {CATALOG: "/id", AGENTS: "/id", SESSIONS: "/id", JOURNAL: "/sessionId"}
EXPIRING = (SESSIONS, JOURNAL)

_DAY = 86_400  # seconds
_MOST_UNITS = 1000  # request units a second, of all containers together, where they are provisioned: Azure's least
# What `gateway.azure.cosmos` keeps beside ids; and `_etag`, which Azure would add itself.
_NOT_INDEXED = ("/record/?", "/text/?", "/base64/?", "/stamp/?", '/"_etag"/?')


class DatabaseArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`session_days`: how long sessions and their journals are kept after they were last written."""

    site: Site
    mode: Literal["serverless", "provisioned"]
    session_days: int
    inside: Inside


class Database(pulumi.ComponentResource):
    """`id` is the account's. `ready`: what must be there before a process finds its records."""

    id: pulumi.Output[str]
    account_name: pulumi.Output[str]
    endpoint: pulumi.Output[str]
    database_name: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: DatabaseArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:database:Database", name, None, opts)
        self._name, self._args = name, args
        account = self._account()
        self.id, self.account_name, self.endpoint = account.id, account.name, account.document_endpoint
        self.database_name = self._database().name
        self._containers = {container: self._container(container) for container in PARTITION_KEYS}
        self.ready = (*self._containers.values(), *([self._link().ready] if args.site.private else ()))
        self._roles = DataRoles(args.site, account, parent=self)
        self.register_outputs({"endpoint": self.endpoint, "database_name": self.database_name})

    def grant(
        self, component: str, principal_id: pulumi.Input[str], containers: Sequence[str], *, write: bool
    ) -> Sequence[pulumi.Resource]:
        """Lets an identity read the items of these containers, or change them too. Returns what it must wait for.

        Nobody gets at items of the whole account. Raises ValueError for a container that is none of ours.
        """
        if unknown := set(containers) - PARTITION_KEYS.keys():
            raise ValueError(f"{', '.join(sorted(unknown))}: no container of {DATABASE}")
        places = {name: (f"/dbs/{DATABASE}/colls/{name}", self._containers[name]) for name in containers}
        return self._roles.grant(component, principal_id, places, write=write)

    def _account(self) -> cosmosdb.DatabaseAccount:
        args = self._args
        return cosmosdb.DatabaseAccount(
            self._name,
            account_name=args.site.names.cosmos,
            resource_group_name=args.site.resource_group_name,
            location=args.site.location,
            kind="GlobalDocumentDB",
            database_account_offer_type=cosmosdb.DatabaseAccountOfferType.STANDARD,
            capabilities=[cosmosdb.CapabilityArgs(name=SERVERLESS)] if args.mode == "serverless" else None,
            consistency_policy=cosmosdb.ConsistencyPolicyArgs(
                default_consistency_level=cosmosdb.DefaultConsistencyLevel.STRONG
            ),
            locations=[
                cosmosdb.LocationArgs(
                    location_name=args.site.location, failover_priority=0, is_zone_redundant=args.site.production
                )
            ],
            enable_automatic_failover=False,
            disable_local_auth=True,
            disable_key_based_metadata_write_access=True,
            minimal_tls_version="Tls12",
            public_network_access="Disabled" if args.site.private else "Enabled",
            backup_policy=self._backup(),
            opts=pulumi.ResourceOptions(parent=self, protect=args.site.production, hooks=kept(args.site.names.cosmos)),
        )

    def _backup(self) -> cosmosdb.ContinuousModeBackupPolicyArgs:
        """To any second of the last days; seven of them cost nothing."""
        tier = "Continuous30Days" if self._args.site.production else "Continuous7Days"
        return cosmosdb.ContinuousModeBackupPolicyArgs(
            type="Continuous", continuous_mode_properties=cosmosdb.ContinuousModePropertiesArgs(tier=tier)
        )

    def _database(self) -> cosmosdb.SqlResourceSqlDatabase:
        shared = cosmosdb.AutoscaleSettingsArgs(max_throughput=_MOST_UNITS)
        provisioned = cosmosdb.CreateUpdateOptionsArgs(autoscale_settings=shared)
        return cosmosdb.SqlResourceSqlDatabase(
            self._name,
            database_name=DATABASE,
            account_name=self.account_name,
            resource_group_name=self._args.site.resource_group_name,
            resource=cosmosdb.SqlDatabaseResourceArgs(id=DATABASE),
            options=provisioned if self._args.mode == "provisioned" else None,
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.site.production),
        )

    def _container(self, name: str) -> cosmosdb.SqlResourceSqlContainer:
        key = cosmosdb.ContainerPartitionKeyArgs(kind="Hash", paths=[PARTITION_KEYS[name]], version=2)
        kept_for = self._args.session_days * _DAY if name in EXPIRING else None
        return cosmosdb.SqlResourceSqlContainer(
            name,
            container_name=name,
            database_name=self.database_name,
            account_name=self.account_name,
            resource_group_name=self._args.site.resource_group_name,
            resource=cosmosdb.SqlContainerResourceArgs(
                id=name, partition_key=key, default_ttl=kept_for, indexing_policy=_indexing()
            ),
            opts=pulumi.ResourceOptions(parent=self, protect=self._args.site.production),
        )

    def _link(self) -> PrivateLink:
        args = self._args
        return PrivateLink(
            self._name,
            PrivateLinkArgs(
                site=args.site,
                inside=args.inside,
                target="cosmos",
                service_id=self.id,
                group="Sql",
                zone="privatelink.documents.azure.com",
            ),
            pulumi.ResourceOptions(parent=self),
        )


def _indexing() -> cosmosdb.IndexingPolicyArgs:
    """Nobody asks by what a record says, and it may be long: an index of it would be most of what a write costs."""
    return cosmosdb.IndexingPolicyArgs(
        indexing_mode=cosmosdb.IndexingMode.CONSISTENT,
        automatic=True,
        included_paths=[cosmosdb.IncludedPathArgs(path="/*")],
        excluded_paths=[cosmosdb.ExcludedPathArgs(path=path) for path in _NOT_INDEXED],
    )
