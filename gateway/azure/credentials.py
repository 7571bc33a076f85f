"""Who this process is to Azure: the one credential that its environment provides for. No chain is tried at run time.

DefaultAzureCredential would also find a developer's sign-ins, and in production waits for each of them. The identity
endpoint of App Service is read by azure-identity itself, from the process's own environment. Needs the extra `azure`.
"""

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

from gateway.env import Env

if TYPE_CHECKING:
    from azure.core.credentials_async import AsyncTokenCredential

CLIENT, TENANT, SECRET = "AZURE_CLIENT_ID", "AZURE_TENANT_ID", "AZURE_CLIENT_SECRET"
FEDERATED = "AZURE_FEDERATED_TOKEN_FILE"
# Either says that somebody gives out tokens of a managed identity: App Service and Functions, and who stands in for IMDS.
_ENDPOINTS = ("IDENTITY_ENDPOINT", "AZURE_POD_IDENTITY_AUTHORITY_HOST")

type Kind = Literal["workload", "managed", "secret", "developer"]

_SAID: dict[Kind, str] = {
    "workload": "the workload identity",
    "managed": "the managed identity",
    "secret": "the application",
    "developer": "whoever ran `az login`",
}
_NEEDED: dict[Kind, tuple[str, ...]] = {"workload": (TENANT, CLIENT), "secret": (TENANT, CLIENT)}
_log = logging.getLogger(__name__)


def kind(variables: Mapping[str, str]) -> Kind:
    """What the environment provides for, the most particular first."""
    env = Env(variables)
    if env.text(FEDERATED, ""):
        return "workload"
    if any(env.text(name, "") for name in _ENDPOINTS):
        return "managed"
    if env.text(SECRET, ""):
        return "secret"
    return "managed" if env.text(CLIENT, "") else "developer"


def check(variables: Mapping[str, str]) -> None:
    """Whether all is there that the chosen one needs. Raises SettingsError, naming what is missing."""
    chosen, env = kind(variables), Env(variables)
    for name in _NEEDED.get(chosen, ()):
        env.text(name)


def credential(variables: Mapping[str, str]) -> "AsyncTokenCredential":
    """A credential, which is said in the log; the caller closes it. No I/O, and no loop needed.

    Raises SettingsError as `check` does; ValueError, of azure-identity's, for an authority that is no https URL.
    """
    check(variables)
    chosen, env = kind(variables), Env(variables)
    client = env.text(CLIENT, "")
    _log.info("to Azure this is %s%s", _SAID[chosen], f" {client}" if client and chosen != "developer" else "")
    return _made(chosen, env)


def _made(chosen: Kind, env: Env) -> "AsyncTokenCredential":
    # On demand: a tenth of a second, and none of it is needed before Azure is.
    from azure.identity import aio

    trust = env.text("SSL_CERT_FILE", "")
    verify = {"connection_verify": trust} if trust else {}
    match chosen:
        case "workload":
            return aio.WorkloadIdentityCredential(
                tenant_id=env.text(TENANT),
                client_id=env.text(CLIENT),
                token_file_path=env.text(FEDERATED),
                **_authority(env),
                **verify,
            )
        case "managed":
            return aio.ManagedIdentityCredential(client_id=env.text(CLIENT, "") or None)
        case "secret":
            return aio.ClientSecretCredential(
                env.text(TENANT), env.text(CLIENT), env.text(SECRET), **_authority(env), **verify
            )
        case "developer":
            return aio.AzureCliCredential()


def _authority(env: Env) -> dict[str, str]:
    """Another cloud's Entra, where one is named."""
    found = env.text("AZURE_AUTHORITY_HOST", "")
    return {"authority": found} if found else {}
