"""The platform with a control plane outside of the cluster: the zip that Azure runs, on this machine, reached by TLS, as in Azure.

The proxies' `ControlPlane__Endpoint` leads to it, and the API server takes it for a user of its own, with the rights that a
Function App's identity is given. Its records are in the Cosmos DB of `tests.azure`; its tokens for the cluster are real ones.
"""

import ssl
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from gateway.cluster.names import PLATFORM_NAMESPACE
from infra.platform import PlatformOptions
from infra.platform import platform as objects
from tests.azure.application import Application
from tests.azure.cloud import Cloud
from tests.cluster import pki
from tests.cluster.access import Json
from tests.cluster.answering import until_answering
from tests.cluster.kube import on_a_thread
from tests.cluster.layout import Layout
from tests.cluster.platform import BELIEVING, CONTROL_PLANE, HEAD, PAGE, PROXY, ROUTER, Platform
from tests.cluster.recipes import TEST
from tests.functions.azure_place import KNOWN, environment
from tests.functions.mini_host.serving import serving

_ACCOUNT = "function-app"
_USER = f"system:serviceaccount:default:{_ACCOUNT}"
_ROUND = 10.0  # seconds between rounds of the timer, as on the platform of all other tests
_TRUST = "control-plane-authority"


@asynccontextmanager
async def outside(
    platform: Platform, layout: Layout, cloud: Cloud, wwwroot: Path, folder: Path
) -> AsyncGenerator[None]:
    """While the block runs, the folder is the platform's control plane; from then on it is the container again."""
    platform.cluster.apply(_account())
    _hand_out(platform, cloud)
    authority = (layout.pki / "ca.crt").read_text()
    told = {
        **environment(cloud, layout.server, platform.url),
        "ContainerRegistrySettings__Endpoint": platform.cluster.registry,
        "Kubernetes__CertificateAuthority": authority,
        "Oidc__Certificates": authority,
    }
    tls = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    tls.load_cert_chain(*pki.serving(layout, _ACCOUNT, layout.outside))
    async with serving(wwwroot, told, folder, listen=layout.outside, every=_ROUND, tls=tls) as url:
        try:
            # The container's records are others: what it does not know of it would remove.
            await on_a_thread(platform.scale, CONTROL_PLANE, 0)
            # On a thread: it waits for answers of the front door, which come from this very loop.
            await on_a_thread(_apply, platform, layout, cloud, url)
            yield
        finally:
            await on_a_thread(platform.told, *BELIEVING)
            platform.cluster.kubectl("delete", "serviceaccount", _ACCOUNT, "--namespace=default")


def _apply(platform: Platform, layout: Layout, cloud: Cloud, url: str) -> None:
    options = PlatformOptions(
        registry=platform.cluster.registry,
        tag=TEST,
        pull_policy="Always",
        requests={"cpu": "25m", "memory": "64Mi"},
        settings={"Proxy__HeadSeconds": str(HEAD), "ToolRouter__PageSize": str(PAGE)},
        entra_tenant=cloud.provider.tenant,
        entra_client_id=cloud.provider.client_id,
        entra_instance=f"{cloud.provider.url}/",
        oidc_certificates=(layout.pki / "ca.crt").read_text(),
        public_origin=platform.url,
        control_plane_url=url,
        control_plane_ranges=[f"{layout.outside}/32"],
        control_plane_user=_USER,
        front_door=[f"{layout.outside}/32"],
        dns=[f"{layout.node}/32"],
        api_server=[f"{layout.node}/32", f"{layout.first_service}/32"],
    )
    made: list[Json] = msgspec.json.decode(msgspec.json.encode(objects(options)))
    for one in made:
        if (one["kind"], one["metadata"]["name"]) == ("Deployment", PROXY):
            _trusting(one["spec"]["template"]["spec"])
    platform.cluster.apply(_authority(layout), *made)
    platform.kube.rolled_out("deployment", PROXY)
    platform.kube.rolled_out("stateful_set", ROUTER)
    until_answering(platform.url)


def _hand_out(platform: Platform, cloud: Cloud) -> None:
    """The identity's tokens for AKS are the API server's own: it does not know Entra."""
    granted = cloud.entra.token
    cloud.entra.resources[KNOWN] = KNOWN

    def token(application: Application, resource: str) -> str:
        if resource != KNOWN:
            return granted(application, resource)
        return platform.cluster.kubectl("create", "token", _ACCOUNT, "--namespace=default").strip()

    cloud.entra.token = token


def _account() -> Json:
    return {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": _ACCOUNT, "namespace": "default"}}


def _authority(layout: Layout) -> Json:
    """In Azure the control plane's certificate is one that everybody trusts."""
    metadata = {"name": _TRUST, "namespace": PLATFORM_NAMESPACE}
    data = {"ca.crt": (layout.pki / "ca.crt").read_text()}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": data}


def _trusting(pod: Json) -> None:
    (container,) = pod["containers"]
    pod.setdefault("volumes", []).append({"name": _TRUST, "configMap": {"name": _TRUST}})
    container.setdefault("volumeMounts", []).append({"name": _TRUST, "mountPath": "/authority", "readOnly": True})
    container["env"].append({"name": "SSL_CERT_FILE", "value": "/authority/ca.crt"})
