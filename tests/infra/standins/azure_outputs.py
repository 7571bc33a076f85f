"""Azure outputs: what Azure adds to a resource when it makes it, beside what was asked for. Pure."""

import hashlib
from collections.abc import Callable

from tests.infra.standins.ids import TENANT, address, guid
from tests.infra.standins.kinds import Kind, arm_type, kind
from tests.infra.standins.made import Made
from tests.infra.standins.wire import Json, inner, listed

type Added = Callable[[str, Json], Json]


def outputs(kind: Kind, token: str, id: str, inputs: Json) -> Json:
    """All outputs: what was asked for without what only addresses it, the common ones, and the kind's own."""
    body = {name: value for name, value in inputs.items() if name not in kind.addressed}
    body |= {"name": id.rpartition("/")[2], "type": arm_type(id), "provisioningState": "Succeeded"}
    if not kind.is_scoped and "location" not in body:
        body["location"] = "westeurope"
    if "identity" in inputs:
        body["identity"] = _identity(id, inputs["identity"])
    return body | _ADDED.get(token, _nothing)(id, body)


def made(type: str, inputs: Json, imported: str = "") -> Made:
    """The resource with its id and all its outputs. Raises AssertionError where its name is not set, or its type not known."""
    known = kind(type)
    lacks = known.missing(inputs)
    assert not lacks or imported, f"{type}: {', '.join(lacks)} must be set"
    id = imported or known.id(inputs)
    return Made(id, outputs(known, token(type), id, inputs))


def token(type: str) -> str:
    """`network.Subnet` of a Pulumi type, with or without a version."""
    _, module, name = type.split(":")
    return f"{module.partition('/')[0]}.{name}"


def _identity(id: str, asked: Json) -> Json:
    """User-assigned ones are asked for as a list of ids and come back as an object by id."""
    made: Json = {"type": asked.get("type", "None")}
    if "SystemAssigned" in made["type"]:
        made |= {"principalId": guid(id, "principal"), "tenantId": TENANT}
    if assigned := _names(asked, "userAssignedIdentities"):
        made["userAssignedIdentities"] = {
            one: {"clientId": guid(one, "client"), "principalId": guid(one, "principal")} for one in assigned
        }
    return made


def _names(owner: Json, name: str) -> list[str]:
    found: list[str] | None = owner.get(name)
    return found or []


def _nothing(id: str, body: Json) -> Json:
    return {}


def _user_assigned(id: str, body: Json) -> Json:
    return {"clientId": guid(id, "client"), "principalId": guid(id, "principal"), "tenantId": TENANT}


def _cluster(id: str, body: Json) -> Json:
    name, place = id.rpartition("/")[2], body["location"]
    fqdn = f"{body.get('dnsPrefix') or name}-{guid(id)[:8]}.hcp.{place}.azmk8s.io"
    is_private = bool(inner(body, "apiServerAccessProfile").get("enablePrivateCluster"))
    kubelet = (
        f"{id.partition('/providers/')[0]}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{name}-agentpool"
    )
    made: Json = {
        "fqdn": fqdn,
        "azurePortalFQDN": fqdn.replace(".hcp.", ".portal.hcp."),
        "currentKubernetesVersion": "1.34.4",
        "nodeResourceGroup": body.get("nodeResourceGroup") or f"MC_{name}_{place}",
        "identityProfile": {"kubeletidentity": {"resourceId": kubelet, **_user_assigned(kubelet, {})}},
        "powerState": {"code": "Running"},
    }
    made["identityProfile"]["kubeletidentity"]["objectId"] = guid(kubelet, "principal")
    if is_private:
        made["privateFQDN"] = f"{name}-{guid(id)[:8]}.{guid(id, 'zone')}.privatelink.{place}.azmk8s.io"
    if inner(body, "oidcIssuerProfile").get("enabled"):
        issuer = f"https://{place}.oic.prod-aks.azure.com/{TENANT}/{guid(id, 'issuer')}/"
        made["oidcIssuerProfile"] = {"enabled": True, "issuerURL": issuer}
    return made


def _public_ip(id: str, body: Json) -> Json:
    made: Json = {"ipAddress": address(id)}
    if label := inner(body, "dnsSettings").get("domainNameLabel"):
        made["dnsSettings"] = body["dnsSettings"] | {"fqdn": f"{label}.{body['location']}.cloudapp.azure.com"}
    return made


def _private_endpoint(id: str, body: Json) -> Json:
    groups = [one for link in listed(body, "privateLinkServiceConnections") for one in _names(link, "groupIds")]
    return {
        "networkInterfaces": [{"id": id.replace("/privateEndpoints/", "/networkInterfaces/") + ".nic"}],
        "customDnsConfigs": [{"fqdn": f"{one.lower()}.example", "ipAddresses": ["10.0.3.4"]} for one in groups],
    }


def _vnet(id: str, body: Json) -> Json:
    return {"subnets": [one | {"id": f"{id}/subnets/{one['name']}"} for one in listed(body, "subnets")]}


def _registry(id: str, body: Json) -> Json:
    return {"loginServer": f"{id.rpartition('/')[2].lower()}.azurecr.io"}


def _task_run(id: str, body: Json) -> Json:
    """A build that succeeded: every image it was told to push, with a digest that changes when the context does."""
    request = inner(body, "runRequest")
    registry = f"{id.split('/registries/')[1].split('/')[0].lower()}.azurecr.io"
    digest = "sha256:" + hashlib.sha256(repr([body.get("forceUpdateTag"), request]).encode()).hexdigest()
    images = [name.partition(":") for name in _names(request, "imageNames")]
    built = [
        {"registry": registry, "repository": name, "tag": tag or "latest", "digest": digest} for name, _, tag in images
    ]
    return {
        "runResult": {"runId": "ca1", "status": "Succeeded", "outputImages": built, "provisioningState": "Succeeded"}
    }


def _cosmos(id: str, body: Json) -> Json:
    return {"documentEndpoint": f"https://{id.rpartition('/')[2].lower()}.documents.azure.com:443/"}


def _workspace(id: str, body: Json) -> Json:
    return {"customerId": guid(id, "customer")}


def _component(id: str, body: Json) -> Json:
    key, place = guid(id, "instrumentation"), body["location"]
    ingestion = f"https://{place}-5.in.applicationinsights.azure.com/"
    said = f"InstrumentationKey={key};IngestionEndpoint={ingestion};ApplicationId={guid(id, 'app')}"
    return {"instrumentationKey": key, "appId": guid(id, "app"), "connectionString": said}


def _vault(id: str, body: Json) -> Json:
    return {
        "properties": body["properties"] | {"vaultUri": f"https://{id.rpartition('/')[2].lower()}.vault.azure.net/"}
    }


def _vault_secret(id: str, body: Json) -> Json:
    vault, name = id.split("/vaults/")[1].split("/")[0].lower(), id.rpartition("/")[2]
    uri = f"https://{vault}.vault.azure.net/secrets/{name}"
    known = {key: value for key, value in body["properties"].items() if key != "value"}  # Azure never says it again
    return {"properties": known | {"secretUri": uri, "secretUriWithVersion": f"{uri}/{guid(id).replace('-', '')}"}}


def _storage(id: str, body: Json) -> Json:
    name = id.rpartition("/")[2]
    services = {"blob": "blob", "queue": "queue", "table": "table", "file": "file"}
    return {"primaryEndpoints": {key: f"https://{name}.{host}.core.windows.net/" for key, host in services.items()}}


def _web_app(id: str, body: Json) -> Json:
    host = f"{id.rpartition('/')[2].lower()}.azurewebsites.net"
    return {
        "defaultHostName": host,
        "hostNames": [host],
        "enabledHostNames": [host, host.replace(".azurewebsites", ".scm.azurewebsites")],
        "state": "Running",
        "outboundIpAddresses": address(id),
        "possibleOutboundIpAddresses": address(id),
    }


_ADDED: dict[str, Added] = {
    "managedidentity.UserAssignedIdentity": _user_assigned,
    "containerservice.ManagedCluster": _cluster,
    "network.PublicIPAddress": _public_ip,
    "network.PrivateEndpoint": _private_endpoint,
    "network.VirtualNetwork": _vnet,
    "containerregistry.Registry": _registry,
    "containerregistry.TaskRun": _task_run,
    "cosmosdb.DatabaseAccount": _cosmos,
    "operationalinsights.Workspace": _workspace,
    "applicationinsights.Component": _component,
    "keyvault.Vault": _vault,
    "keyvault.Secret": _vault_secret,
    "storage.StorageAccount": _storage,
    "web.WebApp": _web_app,
}
