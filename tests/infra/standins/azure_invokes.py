"""Azure invokes: the functions of the providers that ask instead of make. Whatever hands out a key is refused: we use none."""

import base64
import json
from collections.abc import Callable

from tests.infra.standins.ids import DEPLOYER, DEPLOYER_CLIENT, SUBSCRIPTION, TENANT, group, guid
from tests.infra.standins.wire import Json

_CERTIFICATE = base64.b64encode(b"-----BEGIN CERTIFICATE-----\nc3RhbmQtaW4=\n-----END CERTIFICATE-----\n").decode()
_AKS = "6dae42f8-4368-4678-94ff-3960e28e3630"  # the application of every managed cluster in Entra


def invoked(token: str, arguments: Json) -> Json:
    """The answer. Raises AssertionError for a function that has none here."""
    package, module, name = token.split(":")
    key = f"{package}:{name}" if package != "azure-native" else f"{module.partition('/')[0]}.{name}"
    assert key in _ANSWERS, f"no stand-in answers {token}"
    return _ANSWERS[key](arguments)


def kubeconfig(cluster: str, location: str = "westeurope") -> str:
    """What a user gets of a cluster with Entra: no secret, a plug-in that signs in."""
    server = f"https://{cluster}-{guid(cluster)[:8]}.hcp.{location}.azmk8s.io:443"
    arguments = ["get-token", "--environment", "AzurePublicCloud", "--server-id", _AKS, "--tenant-id", TENANT]
    command = {
        "apiVersion": "client.authentication.k8s.io/v1beta1",
        "command": "kubelogin",
        "args": [*arguments, "--client-id", "80faf920-1908-4b52-b5ef-a8e7bedfc67a", "--login", "devicecode"],
        "env": None,
        "provideClusterInfo": False,
    }
    user = f"clusterUser_{cluster}"
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": cluster, "cluster": {"server": server, "certificate-authority-data": _CERTIFICATE}}],
            "users": [{"name": user, "user": {"exec": command}}],
            "contexts": [{"name": cluster, "context": {"cluster": cluster, "user": user}}],
            "current-context": cluster,
        }
    )


def _client(arguments: Json) -> Json:
    return {"clientId": DEPLOYER_CLIENT, "objectId": DEPLOYER, "subscriptionId": SUBSCRIPTION, "tenantId": TENANT}


def _credentials(arguments: Json) -> Json:
    said = base64.b64encode(kubeconfig(arguments["resourceName"]).encode()).decode()
    return {"kubeconfigs": [{"name": "clusterUser", "value": said}]}


def _resource_group(arguments: Json) -> Json:
    name = arguments["resourceGroupName"]
    return {"id": group(name), "name": name, "location": "westeurope", "type": "Microsoft.Resources/resourceGroups"}


def _service_principal(arguments: Json) -> Json:
    """Of Microsoft's own applications, which every tenant has."""
    client: str = arguments["clientId"]
    object_id = guid("service principal", client)
    return {"clientId": client, "objectId": object_id, "id": f"/servicePrincipals/{object_id}"}


_ANSWERS: dict[str, Callable[[Json], Json]] = {
    "authorization.getClientConfig": _client,
    "containerservice.listManagedClusterUserCredentials": _credentials,
    "resources.getResourceGroup": _resource_group,
    "azuread:getClientConfig": _client,
    "azuread:getServicePrincipal": _service_principal,
}
