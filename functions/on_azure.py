"""What the control plane stands on in Azure Functions: Cosmos DB, a cluster that knows Entra, and whoever signs in there.

Named by `ControlPlane__Compose=functions.on_azure:on_azure`. Nothing is asked and nothing connected here: the platform imports
the app outside the loop that serves it, closes nothing, and counts the seconds until it answers; what is needed is made when
it is first needed. Audit lines go to standard output, which the platform collects; telemetry straight to Application Insights.
"""

from collections.abc import Mapping

from functions.azure_cluster import cluster_settings
from functions.azure_cluster_token import ClusterToken
from functions.cluster import KubernetesDeployer
from functions.composition import Composition
from gateway.audit import Audit
from gateway.azure import application
from gateway.azure.cosmos.store import cosmos_store
from gateway.azure.credentials import credential
from gateway.azure.sign_in import required_sign_in
from gateway.cluster.process import to_stdout
from gateway.telemetry.started import started


def on_azure(variables: Mapping[str, str]) -> Composition:
    """The Composition that these variables ask for. Raises SettingsError, naming the variable."""
    kept = dict(variables)
    found = required_sign_in(kept)
    deployer = KubernetesDeployer(cluster_settings(kept), ClusterToken(lambda: credential(kept)))
    store = cosmos_store(kept)
    after = application.keeper(kept, lambda: credential(kept))
    telemetry = started(kept, "control-plane")
    audit = Audit(to_stdout, telemetry.export)
    return Composition(store, deployer, found.identify, found.protected, audit, telemetry, after)
