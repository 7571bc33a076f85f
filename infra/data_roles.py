"""DataRoles: who may do what with the items of a Cosmos account. Its own roles, beside ARM's; their ids must be GUIDs.

https://learn.microsoft.com/azure/cosmos-db/how-to-setup-rbac. What reads names (metadata) is given on the account, for a
client begins there; what reads and writes items is given container by container.
"""

from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import cosmosdb

from infra.roles import guid
from infra.site import Site

type Place = tuple[str, pulumi.Resource]
"""A path below the account, and the resource that is there."""

_CONTAINERS = "Microsoft.DocumentDB/databaseAccounts/sqlDatabases/containers"
METADATA = ("Microsoft.DocumentDB/databaseAccounts/readMetadata",)
READ = (
    *METADATA,
    f"{_CONTAINERS}/items/read",
    f"{_CONTAINERS}/executeQuery",
    f"{_CONTAINERS}/readChangeFeed",
)
WRITE = (*READ, *(f"{_CONTAINERS}/items/{verb}" for verb in ("create", "replace", "upsert", "delete")))


class DataRoles:
    """The three roles of one account, and their assignments. `parent` owns all of them.

    Each waits for the one before: Cosmos takes one such change of an account at a time and refuses a second meanwhile.
    """

    def __init__(self, site: Site, account: cosmosdb.DatabaseAccount, *, parent: pulumi.Resource) -> None:
        self._site, self._account, self._parent = site, account, parent
        self._last: pulumi.Resource = account
        self._connected: set[str] = set()
        self._metadata = self._role("metadata", METADATA)
        self._reader = self._role("reader", READ)
        self._writer = self._role("writer", WRITE)

    def grant(
        self, component: str, principal_id: pulumi.Input[str], places: Mapping[str, Place], *, write: bool
    ) -> Sequence[pulumi.Resource]:
        """Returns the assignments."""
        made: list[pulumi.Resource] = []
        if component not in self._connected:
            self._connected.add(component)
            made.append(self._assignment(f"{component}-connects", self._metadata, principal_id))
        role, verb = (self._writer, "writes") if write else (self._reader, "reads")
        for name, place in places.items():
            made.append(self._assignment(f"{component}-{verb}-{name}", role, principal_id, place))
        return made

    def _role(self, name: str, actions: Sequence[str]) -> cosmosdb.SqlResourceSqlRoleDefinition:
        made = cosmosdb.SqlResourceSqlRoleDefinition(
            name,
            role_definition_id=guid(self._site.names.cosmos, name),
            role_name=f"MCP Gateway {name}",
            type=cosmosdb.RoleDefinitionType.CUSTOM_ROLE,
            account_name=self._account.name,
            resource_group_name=self._site.resource_group_name,
            assignable_scopes=[self._account.id],
            permissions=[cosmosdb.PermissionArgs(data_actions=list(actions))],
            opts=pulumi.ResourceOptions(parent=self._parent, depends_on=[self._last]),
        )
        self._last = made
        return made

    def _assignment(
        self,
        name: str,
        role: cosmosdb.SqlResourceSqlRoleDefinition,
        principal_id: pulumi.Input[str],
        place: Place | None = None,
    ) -> pulumi.Resource:
        """Without a place, of the account."""
        path, there = place or ("", self._account)
        scope = pulumi.Output.concat(self._account.id, path)
        made = cosmosdb.SqlResourceSqlRoleAssignment(
            name,
            role_assignment_id=pulumi.Output.all(scope, role.id, principal_id).apply(lambda seed: guid(*seed)),
            role_definition_id=role.id,
            principal_id=principal_id,
            scope=scope,
            account_name=self._account.name,
            resource_group_name=self._site.resource_group_name,
            opts=pulumi.ResourceOptions(parent=self._parent, depends_on=[self._last, there]),
        )
        self._last = made
        return made
