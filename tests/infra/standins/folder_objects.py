"""Folder objects: the objects of a cluster that exists in the stand-in for Azure only, kept in the state's folder.

It starts no pod. It refuses what an API server would: no cluster, no right, no namespace.
"""

import base64

from tests.infra.standins.ids import DEPLOYER, guid
from tests.infra.standins.package import Refused
from tests.infra.standins.state import Entry, State
from tests.infra.standins.wire import Json, inner

ADMIN = "b1ff04bb-8a4e-4dc4-8eb5-8693973ce19b"  # Azure Kubernetes Service RBAC Cluster Admin


class FolderObjects:
    """`server`: the API server's address, which begins with the cluster's name in Azure."""

    def __init__(self, state: State, server: str) -> None:
        self._state, self._server = state, server

    def apply(self, manifest: Json, urn: str) -> Json:
        """Raises Refused."""
        self._let_in()
        metadata: Json = manifest["metadata"]
        namespace = metadata.get("namespace")
        if namespace and self.get("kubernetes:core/v1:Namespace", namespace) is None:
            raise Refused(f"namespaces {namespace!r} not found")
        type = f"kubernetes:{_group(manifest['apiVersion'])}:{manifest['kind']}"
        id = f"{namespace}/{metadata['name']}" if namespace else metadata["name"]
        live = _kept(manifest) | {"metadata": metadata | {"uid": guid(self._server, type, id)}}
        if inner(manifest, "spec").get("type") == "LoadBalancer":
            live["status"] = {"loadBalancer": {"ingress": [{"ip": _address(manifest)}]}}
        self._state.put(Entry(id=self._key(type, id), type=type, urn=urn, inputs={}, outputs=live))
        return live

    def get(self, type: str, id: str) -> Json | None:
        """As it was applied."""
        found = self._state.get(self._key(type, id))
        return found.outputs if found else None

    def delete(self, type: str, id: str) -> None:
        """Raises Refused for a namespace that still holds objects: our program deletes what it made itself."""
        self._let_in()
        found = self._state.get(self._key(type, id))
        if found is None:
            return
        inside = [one.id for one in self._state.all() if one.outputs.get("metadata", {}).get("namespace") == id]
        if type.endswith(":Namespace") and inside:
            raise Refused(f"namespace {id} still holds {', '.join(inside)}")
        self._state.remove(found)

    def _let_in(self) -> None:
        """Signed in as the deployer, who needs a role on the cluster: local accounts are off."""
        cluster = next((one for one in self._state.all() if self._is_it(one)), None)
        if cluster is None:
            raise Refused(f"dial tcp: lookup {self._server}: no such host")
        rights = [one for one in self._state.all() if one.type.endswith(":RoleAssignment") and _is_admin(one)]
        if not any(cluster.id.lower().startswith(str(one.inputs["scope"]).lower()) for one in rights):
            raise Refused(
                f"{DEPLOYER} is forbidden on {cluster.id.rpartition('/')[2]}: it has no role assignment there"
            )

    def _is_it(self, one: Entry) -> bool:
        return one.type.endswith(":ManagedCluster") and f"//{one.id.rpartition('/')[2]}-" in self._server

    def _key(self, type: str, id: str) -> str:
        return f"{self._server}/{type}/{id}"


def _kept(manifest: Json) -> Json:
    """As an API server keeps it: the texts of a Secret are encoded."""
    texts = inner(manifest, "stringData")
    encoded = {name: base64.b64encode(text.encode()).decode() for name, text in texts.items()}
    rest = {name: value for name, value in manifest.items() if name != "stringData"}
    return rest | ({"data": inner(manifest, "data") | encoded} if texts else {})


def _is_admin(one: Entry) -> bool:
    return one.inputs.get("principalId") == DEPLOYER and str(one.inputs.get("roleDefinitionId")).endswith(ADMIN)


def _group(version: str) -> str:
    return version if "/" in version else f"core/{version}"


def _address(manifest: Json) -> str:
    annotations = inner(manifest["metadata"], "annotations")
    said = annotations.get("service.beta.kubernetes.io/azure-load-balancer-ipv4")
    return said or manifest["spec"].get("loadBalancerIP") or "10.0.1.100"
