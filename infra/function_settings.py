"""FunctionSettings: what the control plane is told when it runs as a Functions app. Which process wants which: their `settings`.

What the proxies are told as well (who comes in, quotas, who may create) is read off the same options, so it cannot differ.
"""

from collections.abc import Mapping

import pulumi

from infra.platform import PlatformOptions
from infra.platform.settings import shared

COMPOSE = "functions.on_azure:on_azure"
_ELSEWHERE = ("ControlPlane__Endpoint", "Drain__Seconds", "OTEL_EXPORTER_OTLP_ENDPOINT")
_NOT_ITS = ("Proxy__", "ToolRouter__")
_THREADS = 32  # handlers that are not asynchronous at the same time


def function_settings(
    options: PlatformOptions,
    *,
    client_id: pulumi.Input[str],
    storage_account: pulumi.Input[str],
    cosmos_endpoint: pulumi.Input[str],
    cosmos_database: pulumi.Input[str],
    api_server: pulumi.Input[str],
    certificate_authority: pulumi.Input[str],
    connection_string: pulumi.Input[str],
    manage_identifier_uris: bool = False,
) -> dict[str, pulumi.Input[str]]:
    """`client_id` is the identity's. None of the values is a key: everything is reached as that identity."""
    return {
        "ControlPlane__Compose": COMPOSE,
        "AZURE_CLIENT_ID": client_id,
        "AzureWebJobsStorage__accountName": storage_account,
        "AzureWebJobsStorage__credential": "managedidentity",
        "AzureWebJobsStorage__clientId": client_id,
        "CosmosSettings__AccountEndpoint": cosmos_endpoint,
        "CosmosSettings__DatabaseName": cosmos_database,
        "Kubernetes__ApiServer": api_server,
        "Kubernetes__CertificateAuthority": certificate_authority,
        "APPLICATIONINSIGHTS_CONNECTION_STRING": connection_string,
        "PYTHON_THREADPOOL_THREAD_COUNT": str(_THREADS),
        **({"AzureAd__ManageIdentifierUris": "true"} if manage_identifier_uris else {}),
        **_like_the_others(options),
    }


def _like_the_others(options: PlatformOptions) -> Mapping[str, str]:
    told = shared(options)
    return {name: value for name, value in told.items() if name not in _ELSEWHERE and not name.startswith(_NOT_ITS)}
