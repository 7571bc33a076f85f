"""A small program with one of everything that the stand-ins tell apart: ids, secrets, unknowns, invokes, a cluster. Not ours."""

import base64

import pulumi
import pulumi_azure_native as azure
import pulumi_azuread as azuread
import pulumi_kubernetes as kubernetes
import pulumi_random as random

from tests.infra.standins.folder_objects import ADMIN
from tests.infra.standins.ids import guid

_GROUP, _PLACE = "small", "westeurope"


def small(*, tag: str = "first", subnet_name: str = "nodes", granted: bool = True) -> None:
    """`granted`: whoever runs it may use the cluster."""
    group = azure.resources.ResourceGroup("group", resource_group_name=_GROUP, location=_PLACE)
    network = azure.network.VirtualNetwork(
        "network",
        resource_group_name=group.name,
        virtual_network_name="small-network",
        address_space=azure.network.AddressSpaceArgs(address_prefixes=["10.0.0.0/16"]),
        tags={"is": tag},
    )
    subnet = azure.network.Subnet(
        "subnet",
        resource_group_name=group.name,
        virtual_network_name=network.name,
        subnet_name=subnet_name,
        address_prefix="10.0.1.0/24",
    )
    application = azuread.ApplicationRegistration("application", display_name="small")
    provider = _cluster(group, subnet, granted=granted)
    _objects(provider, application.client_id)
    pulumi.export("subnet", subnet.id)


def _cluster(
    group: azure.resources.ResourceGroup, subnet: azure.network.Subnet, *, granted: bool
) -> kubernetes.Provider:
    cluster = azure.containerservice.ManagedCluster(
        "cluster",
        resource_group_name=group.name,
        resource_name_="small-cluster",
        dns_prefix="small",
        disable_local_accounts=True,
        aad_profile=azure.containerservice.ManagedClusterAADProfileArgs(managed=True),
        identity=azure.containerservice.ManagedClusterIdentityArgs(
            type=azure.containerservice.ResourceIdentityType.SYSTEM_ASSIGNED
        ),
        agent_pool_profiles=[
            azure.containerservice.ManagedClusterAgentPoolProfileArgs(
                name="system", mode="System", count=1, vm_size="Standard_D2ds_v5", vnet_subnet_id=subnet.id
            )
        ],
    )
    before = [_administrator(cluster)] if granted else []
    credentials = azure.containerservice.list_managed_cluster_user_credentials_output(
        resource_group_name=group.name,
        resource_name=cluster.name,
        opts=pulumi.InvokeOutputOptions(depends_on=[cluster, *before]),
    )
    kubeconfig = credentials.kubeconfigs[0].value.apply(lambda said: base64.b64decode(said).decode())
    return kubernetes.Provider(
        "cluster", kubeconfig=pulumi.Output.secret(kubeconfig), opts=pulumi.ResourceOptions(depends_on=before)
    )


def _administrator(cluster: azure.containerservice.ManagedCluster) -> azure.authorization.RoleAssignment:
    role = f"/subscriptions/any/providers/Microsoft.Authorization/roleDefinitions/{ADMIN}"
    return azure.authorization.RoleAssignment(
        "administrator",
        scope=cluster.id,
        role_assignment_name=guid("administrator"),
        role_definition_id=role,
        principal_id=azure.authorization.get_client_config_output().object_id,
        principal_type="User",
    )


def _objects(provider: kubernetes.Provider, client_id: pulumi.Output[str]) -> None:
    password = random.RandomPassword("password", length=32)
    space = kubernetes.core.v1.Namespace(
        "space",
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name="small"),
        opts=pulumi.ResourceOptions(provider=provider),
    )
    kubernetes.core.v1.Secret(
        "secret",
        metadata=kubernetes.meta.v1.ObjectMetaArgs(name="secret", namespace="small"),
        string_data={"password": password.result, "client": client_id},
        opts=pulumi.ResourceOptions(provider=provider, depends_on=[space]),
    )
    pulumi.export("password", password.result)
