"""The Azure components together, by the real engine against the stand-in providers: made, left alone, refused, unmade."""

import re
from collections.abc import Callable
from typing import Literal

import pulumi
import pytest
from pulumi.automation import CommandError
from pulumi_azure_native import resources

from infra.app_gateway import AppGateway, AppGatewayArgs
from infra.database import AGENTS, CATALOG, JOURNAL, SESSIONS, Database, DatabaseArgs
from infra.entra_app import EntraApp, EntraAppArgs
from infra.identities import Identities, IdentitiesArgs
from infra.key_vault import KeyVault, KeyVaultArgs
from infra.names import Names
from infra.network import Network, NetworkArgs
from infra.private_link import Inside
from infra.registry import Registry, RegistryArgs
from infra.site import Site
from infra.telemetry import Telemetry, TelemetryArgs
from tests.infra.engine_room import EngineRoom, changes

pytestmark = pytest.mark.infra

type Mode = Literal["serverless", "provisioned"]

HOST = "team.westeurope.cloudapp.azure.com"


def program(*, private: bool) -> Callable[[], None]:
    """All of them, as a stack puts them together, but for the cluster and the app."""

    def main() -> None:
        site = _site(private=private)
        network = Network("network", NetworkArgs(site=site))
        inside = Inside(subnet_id=network.endpoints_subnet_id, vnet_id=network.vnet_id)
        identities = Identities("identities", IdentitiesArgs(site=site))
        identities.federate("https://issuer.example.com/")
        Registry("registry", RegistryArgs(site=site, inside=inside))
        database = Database(
            "database",
            DatabaseArgs(site=site, inside=inside, mode="serverless", session_days=30),
        )
        database.grant(
            "control-plane", identities.control_plane.principal_id, [CATALOG, AGENTS, SESSIONS, JOURNAL], write=True
        )
        telemetry = Telemetry("telemetry", TelemetryArgs(site=site))
        vault = KeyVault(
            "vault",
            KeyVaultArgs(
                site=site,
                inside=inside,
                host=HOST,
                reader_principal=identities.gateway.principal_id,
            ),
        )
        gateway = AppGateway(
            "gateway",
            AppGatewayArgs(
                site=site,
                subnet_id=network.gateway_subnet_id,
                backend_address=network.proxy_address,
                certificate_secret_id=vault.certificate_secret_id,
                identity_id=identities.gateway.id,
                public_host=None,
                after=vault.ready,
            ),
        )
        telemetry.alerts(gateway.id, agents=True)
        EntraApp(
            "entra-app",
            EntraAppArgs(
                names=site.names,
                public_host=None,
                app_roles=("mcp.admin",),
                manage_identifier_uris=False,
                control_plane_principal=identities.control_plane.principal_id,
            ),
        )
        pulumi.export("url", gateway.url)

    return main


def _site(*, private: bool) -> Site:
    group = resources.ResourceGroup("group", resource_group_name="team", location="westeurope").name
    return Site(
        names=Names("team"), resource_group_name=group, location="westeurope", production=False, private=private
    )


def records(mode: Mode) -> Callable[[], None]:
    """The database alone."""

    def main() -> None:
        unused = Inside(subnet_id="unused", vnet_id="unused")
        args = DatabaseArgs(site=_site(private=False), inside=unused, mode=mode, session_days=30)
        Database("database", args)

    return main


@pytest.mark.parametrize("private", [False, True])
def test_they_are_made_left_alone_and_unmade_and_the_certificate_lies_open_nowhere(
    room: EngineRoom, private: bool
) -> None:
    stack = room.stack(program(private=private), {})
    made = stack.up()
    assert made.outputs["url"].value == f"https://{HOST}"
    assert not re.search(r'"value":\s*"MII', room.stored(stack)), "the certificate's key is in the state in plain"
    # The certificate among them: another one is drawn each time, and the one that is there stays.
    assert set(changes(stack.up())) == {"same"}
    stack.destroy()
    assert room.state.all() == []


@pytest.mark.parametrize(("before", "after"), [("serverless", "provisioned"), ("provisioned", "serverless")])
def test_another_mode_of_cosmos_is_refused_before_anything_is_touched(
    room: EngineRoom, before: Mode, after: Mode
) -> None:
    room.stack(records(before), {}).up()
    stack = room.stack(records(after), {})
    with pytest.raises(CommandError, match=f"cosmosMode: the account is {before}"):
        stack.preview()
    with pytest.raises(CommandError, match=f"cosmosMode: the account is {before}"):
        stack.up()
    assert set(changes(room.stack(records(before), {}).up())) == {"same"}
