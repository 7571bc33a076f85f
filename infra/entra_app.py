"""EntraApp: what the gateway is in Entra: the application whose tokens it takes, with its scope and its roles.

Parts of the application are resources of their own, because some of them name the application's own id.
Every resource here wants Graph rights of whoever runs the program: Application.ReadWrite.OwnedBy, and with
`manage_identifier_uris` AppRoleAssignment.ReadWrite.All besides. Without them: `clientId`, and docs/entra-app-roles.md.
"""

from collections.abc import Sequence

import msgspec
import pulumi
import pulumi_azuread as azuread

from infra.names import Names
from infra.roles import guid

SCOPE = "access"
CLIENTS = {
    "azure-cli": "04b07795-8ddb-461a-bbee-02f9e1bf7b46",
    "vs-code": "aebc6443-996d-45c2-90f0-388ff96faa56",
}
"""Microsoft's own clients: who signs in with them is not asked for consent."""

_GRAPH = "00000003-0000-0000-c000-000000000000"
_OWNED_APPLICATIONS = "18a4783c-866b-4cc7-a460-3d5e5662c884"  # Graph's Application.ReadWrite.OwnedBy


class EntraAppArgs(msgspec.Struct, frozen=True, kw_only=True):
    """`public_host`: on a domain that is verified in the tenant. `control_plane_principal`: who manages adapters' URIs."""

    names: Names
    public_host: str | None
    app_roles: Sequence[str]
    manage_identifier_uris: bool
    control_plane_principal: pulumi.Input[str]


class EntraApp(pulumi.ComponentResource):
    """`ready`: what must be there before somebody can sign in."""

    client_id: pulumi.Output[str]
    tenant_id: pulumi.Output[str]
    ready: Sequence[pulumi.Resource]

    def __init__(self, name: str, args: EntraAppArgs, opts: pulumi.ResourceOptions | None = None) -> None:
        super().__init__("mcp-gateway:entra_app:EntraApp", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._app = azuread.ApplicationRegistration(
            name,
            display_name=args.names.application,
            sign_in_audience="AzureADMyOrg",
            requested_access_token_version=2,
            implicit_access_token_issuance_enabled=False,
            implicit_id_token_issuance_enabled=False,
            opts=self._child,
        )
        self.client_id = self._app.client_id
        self.tenant_id = azuread.get_client_config_output(opts=pulumi.InvokeOptions(parent=self)).tenant_id
        scope = self._scope()
        self.ready = (*self._identifier_uris(), *self._roles(), *self._clients(scope), self._principal(name))
        if args.manage_identifier_uris:
            self._let_the_control_plane()
        self.register_outputs({"client_id": self.client_id, "tenant_id": self.tenant_id})

    def _scope(self) -> azuread.ApplicationPermissionScope:
        what = "Access MCP Gateway"
        return azuread.ApplicationPermissionScope(
            SCOPE,
            application_id=self._app.id,
            scope_id=self._guid("scope", SCOPE),
            value=SCOPE,
            type="User",
            admin_consent_display_name=what,
            admin_consent_description="Call MCP servers and tools through the gateway as the person who is signed in.",
            user_consent_display_name=what,
            user_consent_description="Call MCP servers and tools through the gateway as you.",
            opts=self._child,
        )

    def _identifier_uris(self) -> Sequence[pulumi.Resource]:
        """Entra refuses an https URI on a domain that is not the tenant's, as all under cloudapp.azure.com are."""
        host = self._args.public_host
        uris: dict[str, pulumi.Input[str]] = {"api": pulumi.Output.concat("api://", self.client_id)}
        if host:
            uris["public"] = f"https://{host}/mcp"
        return [
            azuread.ApplicationIdentifierUri(name, application_id=self._app.id, identifier_uri=uri, opts=self._child)
            for name, uri in uris.items()
        ]

    def _roles(self) -> Sequence[pulumi.Resource]:
        """For people and for programs alike."""
        return [
            azuread.ApplicationAppRole(
                role,
                application_id=self._app.id,
                role_id=self._guid("role", role),
                value=role,
                display_name=role,
                description=f"{role} of the MCP Gateway",
                allowed_member_types=["User", "Application"],
                opts=self._child,
            )
            for role in self._args.app_roles
        ]

    def _clients(self, scope: azuread.ApplicationPermissionScope) -> Sequence[pulumi.Resource]:
        return [
            azuread.ApplicationPreAuthorized(
                name,
                application_id=self._app.id,
                authorized_client_id=client,
                permission_ids=[scope.scope_id],
                opts=self._child,
            )
            for name, client in CLIENTS.items()
        ]

    def _principal(self, name: str) -> pulumi.Resource:
        """The application in this tenant: who is given its roles is given them here."""
        return azuread.ServicePrincipal(
            name, client_id=self.client_id, app_role_assignment_required=False, opts=self._child
        )

    def _let_the_control_plane(self) -> None:
        """Add each adapter's URI to this application, and to no other: it may change those that it owns."""
        principal = self._args.control_plane_principal
        azuread.ApplicationOwner(
            "control-plane", application_id=self._app.id, owner_object_id=principal, opts=self._child
        )
        # Asked for and not adopted: Graph's own principal is nobody's to change, or to delete.
        graph = azuread.get_service_principal_output(client_id=_GRAPH, opts=pulumi.InvokeOptions(parent=self))
        azuread.AppRoleAssignment(
            "control-plane",
            app_role_id=_OWNED_APPLICATIONS,
            principal_object_id=principal,
            resource_object_id=graph.object_id,
            opts=self._child,
        )

    def _guid(self, *what: str) -> str:
        return guid("entra", self._args.names.label, *what)
