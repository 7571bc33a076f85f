"""AzureStack: everything that is built in Azure, in the order in which one needs another. Each part is described in its own file."""

import hashlib
from collections.abc import Mapping, Sequence

import pulumi
from pulumi_azure_native import authorization

from infra.app_gateway import AppGateway, AppGatewayArgs
from infra.azure_platform import Made, azure_platform
from infra.blanks import Blanks
from infra.cluster import Cluster, ClusterArgs
from infra.config import Config
from infra.database import AGENTS, JOURNAL, PARTITION_KEYS, SESSIONS, Database, DatabaseArgs
from infra.entra_app import CLIENTS, EntraApp, EntraAppArgs
from infra.function_host import FunctionHost, FunctionHostArgs
from infra.function_settings import function_settings
from infra.function_storage import FunctionStorage, FunctionStorageArgs
from infra.group import group_name
from infra.identities import Identities, IdentitiesArgs
from infra.images import Images, ImagesArgs
from infra.key_vault import KeyVault, KeyVaultArgs
from infra.kubeconfig import ApiServer
from infra.milestone import milestone
from infra.network import Network, NetworkArgs
from infra.outside import Outside
from infra.platform import PlatformOptions
from infra.platform.names import PROXY_ACCOUNT, ROUTER_ACCOUNT, WORKLOAD_ACCOUNT
from infra.private_link import Inside
from infra.registry import Registry, RegistryArgs
from infra.roles import assign
from infra.site import Site
from infra.telemetry import Telemetry, TelemetryArgs
from infra.workloads import Workloads, WorkloadsArgs


class AzureStack:
    """`client_id` is the application's that callers sign in to."""

    def __init__(self, config: Config, outside: Outside, deployer: authorization.GetClientConfigResult) -> None:
        self.config, self._outside, self._deployer = config, outside, deployer
        self.tenant_id = deployer.tenant_id
        self.site = Site(
            names=config.names,
            resource_group_name=group_name(config),
            location=config.location,
            production=config.production,
            private=config.private,
        )
        self.telemetry = Telemetry("telemetry", TelemetryArgs(site=self.site))
        self.network = Network("network", NetworkArgs(site=self.site, nat=config.nat))
        self._inside = Inside(subnet_id=self.network.endpoints_subnet_id, vnet_id=self.network.vnet_id)
        self.registry = Registry("registry", RegistryArgs(site=self.site, inside=self._inside))
        self.identities = Identities("identities", IdentitiesArgs(site=self.site))
        self.database = self._database()
        self.images = Images("images", ImagesArgs(registry=self.registry, builder=outside.builder()))
        self.client_id, self._sign_in = self._application()
        self.cluster = self._cluster()
        blanks = Blanks()
        self._options = self._platform(blanks)
        self.workloads = self._workloads(blanks)
        self.functions = self._functions(blanks)
        self.front_door = self._front_door()
        self.telemetry.alerts(self.front_door.id, agents=config.agents)

    def _database(self) -> Database:
        config = self.config
        args = DatabaseArgs(
            site=self.site,
            mode=config.cosmos_mode,
            session_days=config.session_days,
            inside=self._inside,
        )
        return Database("database", args)

    def _application(self) -> tuple[pulumi.Input[str], Sequence[pulumi.Resource]]:
        """The one that was named, or a new one; and what must be there before somebody can sign in."""
        config = self.config
        if config.client_id:
            return config.client_id, ()
        args = EntraAppArgs(
            names=config.names,
            public_host=config.public_host,
            app_roles=config.app_roles,
            manage_identifier_uris=config.manage_identifier_uris,
            control_plane_principal=self.identities.control_plane.principal_id,
        )
        made = EntraApp("entra-app", args)
        return made.client_id, made.ready

    def _cluster(self) -> Cluster:
        args = ClusterArgs(
            site=self.site,
            config=self.config,
            vnet_id=self.network.vnet_id,
            subnet_id=self.network.aks_subnet_id,
            nat_address=self.network.nat_address,
            registry_id=self.registry.id,
            workspace_id=self.telemetry.workspace_id,
            tenant_id=self.tenant_id,
            deployer_id=self._deployer.object_id,
            # People come through the Azure CLI, which is who they are as a client; everybody else is one of their own.
            is_person=self._deployer.client_id == CLIENTS["azure-cli"],
        )
        return Cluster("cluster", args)

    def _workloads(self, blanks: Blanks) -> Workloads:
        cluster = self.cluster
        trusted = self.identities.federate(cluster.oidc_issuer_url)
        args = WorkloadsArgs(
            provider=cluster.provider,
            options=self._options,
            keys=self.config.keys,
            blanks=blanks,
            connection_string=self.telemetry.connection_string,
            after=[self._admission(), *cluster.granted, *trusted],
        )
        return Workloads("platform", args)

    def _platform(self, blanks: Blanks) -> PlatformOptions:
        known = self.identities
        made = Made(
            images=self.images.platform,
            identities={
                PROXY_ACCOUNT: known.proxy.client_id,
                ROUTER_ACCOUNT: known.router.client_id,
                WORKLOAD_ACCOUNT: known.workloads.client_id,
            },
            tenant_id=self.tenant_id,
            client_id=self.client_id,
            control_plane_user=known.control_plane.principal_id,
            proxy_address=self.network.proxy_address,
        )
        return azure_platform(self.config, made, blanks)

    def _admission(self) -> pulumi.Resource:
        async def wait(given: Mapping[str, str]) -> None:
            await self._outside.admitted(ApiServer(given["server"], given["authority"]))

        keepers = {
            "server": self.cluster.api_server,
            "authority": self.cluster.certificate_authority,
            "administrator": self._deployer.object_id,
        }
        return milestone("admission", keepers, wait, depends_on=[self.cluster.administrator])

    def _functions(self, blanks: Blanks) -> FunctionHost:
        """Last of all but the front door: what it needs is there, and it goes before what it would make again."""
        config, network, identity = self.config, self.network, self.identities.control_plane
        storage = self._storage()
        args = FunctionHostArgs(
            site=self.site,
            config=config,
            identity_id=identity.id,
            storage=storage,
            settings=blanks.fill(self._settings(storage)),
            subnet_id=network.functions_subnet_id,
            callers_subnet_id=network.aks_subnet_id,
            inside=self._inside,
            after=[*self._grants(), *self.database.ready, *self._sign_in, *self.workloads.ready],
        )
        host = FunctionHost("functions", args)
        self._publish(host)
        return host

    def _storage(self) -> FunctionStorage:
        args = FunctionStorageArgs(
            site=self.site,
            principal_id=self.identities.control_plane.principal_id,
            inside=self._inside,
        )
        return FunctionStorage("function-storage", args)

    def _settings(self, storage: FunctionStorage) -> Mapping[str, pulumi.Input[str]]:
        return function_settings(
            self._options,
            client_id=self.identities.control_plane.client_id,
            storage_account=storage.account_name,
            cosmos_endpoint=self.database.endpoint,
            cosmos_database=self.database.database_name,
            api_server=self.cluster.api_server,
            certificate_authority=self.cluster.certificate_authority,
            connection_string=self.telemetry.connection_string,
            manage_identifier_uris=self.config.manage_identifier_uris,
        )

    def _grants(self) -> Sequence[pulumi.Resource]:
        """Who may do what with records and models: nobody but these."""
        grant, identities, foundry = self.database.grant, self.identities, self.config.foundry
        writer = identities.control_plane.principal_id
        granted = list(grant("control-plane", writer, list(PARTITION_KEYS), write=True))
        if foundry:
            runtime = identities.agents.principal_id
            granted += grant("agents", runtime, [AGENTS, SESSIONS, JOURNAL], write=True)
            granted.append(assign("model", "Cognitive Services OpenAI User", runtime, foundry.resource_id, parent=None))
        return granted

    def _publish(self, host: FunctionHost) -> None:
        code = self._outside.code()

        async def publish(given: Mapping[str, str]) -> None:
            await self._outside.publish(given["host"], code)

        keepers = {"zip": hashlib.sha256(code).hexdigest(), "app": host.id, "host": host.hostname}
        milestone("publish", keepers, publish, parent=host, depends_on=host.ready)

    def _front_door(self) -> AppGateway:
        config, gateway = self.config, self.identities.gateway
        secret, ready = self._certificate()
        args = AppGatewayArgs(
            site=self.site,
            subnet_id=self.network.gateway_subnet_id,
            backend_address=self.network.proxy_address,
            certificate_secret_id=secret,
            identity_id=gateway.id,
            public_host=config.public_host,
            least=config.sizes.gateway_min,
            most=config.sizes.gateway_max,
            workspace_id=self.telemetry.workspace_id,
            after=ready,
        )
        return AppGateway("front-door", args)

    def _certificate(self) -> tuple[pulumi.Input[str] | None, Sequence[pulumi.Resource]]:
        """Where it is kept; None without TLS. One of your own is in a vault of your own, which the gateway may read."""
        config = self.config
        if config.tls.mode != "selfSigned":
            return config.tls.secret_id, ()
        args = KeyVaultArgs(
            site=self.site,
            host=config.host,
            reader_principal=self.identities.gateway.principal_id,
            inside=self._inside,
        )
        vault = KeyVault("key-vault", args)
        return vault.certificate_secret_id, vault.ready
