"""The script: one text, to be read and to be run. What it holds of a wish are names that need no quoting."""

from collections.abc import Sequence
from shlex import quote

import msgspec

from infra.bootstrap.wish import CONTAINER, KEY, Wish
from infra.roles import DEFINITIONS

_ISSUER = "https://token.actions.githubusercontent.com"
_AUDIENCE = "api://AzureADTokenExchange"
_WRITE, _DELETE = "Microsoft.Authorization/roleAssignments/write", "Microsoft.Authorization/roleAssignments/delete"
_ASSIGNED = "[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals"
PREVIEW, EPHEMERAL = "azure-preview", "azure-ephemeral"  # environments of the repository

# `until`: a role counts some minutes after it is given.
_BEGIN = """\
#!/bin/sh
set -eu
say() { echo "- $1" >&2; }
give() { # what, to whom, of which kind, where, and what else is to be said of it
  say "role: $1"
  what=$1 whom=$2 kind=$3 where=$4
  shift 4
  said=$(az role assignment create --role "$what" --assignee-object-id "$whom" --assignee-principal-type "$kind" \\
    --scope "$where" --output none "$@" 2>&1) ||
    case $said in *RoleAssignmentExists*) ;; *) echo "$said" >&2 && return 1 ;; esac
}
patiently() {
  left=40
  until "$@"; do
    left=$((left - 1))
    [ $left -gt 0 ] || { echo "gave up: $*" >&2; return 1; }
    sleep "${PAUSE:-15}"
  done
}
"""

_STATE = """\
subscription=$(az account show --query id --output tsv)
tenant=$(az account show --query tenantId --output tsv)
if [ "$(az account show --query user.type --output tsv)" = user ]; then
  me=$(az ad signed-in-user show --query id --output tsv) mine=User
else
  me=$(az ad sp show --id "$(az account show --query user.name --output tsv)" --query id --output tsv) mine=ServicePrincipal
fi

say 'resource group {group}'
az group create --name {group} --location {location} --output none

say 'storage account {account}: no keys, no public blobs, deleted and overwritten state can be had back for 30 days'
az storage account create --name {account} --resource-group {group} --location {location} --sku Standard_ZRS --kind StorageV2 \\
  --allow-shared-key-access false --allow-blob-public-access false --min-tls-version TLS1_2 --https-only true --output none
az storage account blob-service-properties update --account-name {account} --resource-group {group} \\
  --enable-versioning true --enable-delete-retention true --delete-retention-days 30 \\
  --enable-container-delete-retention true --container-delete-retention-days 30 --output none
storage=$(az storage account show --name {account} --resource-group {group} --query id --output tsv)
give 'Storage Blob Data Contributor' "$me" "$mine" "$storage"
container() {{ az storage container create --name {container} --account-name {account} --auth-mode login --output none; }}
say 'container {container}'
patiently container

say 'key vault {vault}: what is deleted stays for 90 days'
az keyvault show --name {vault} --resource-group {group} --output none 2>/dev/null ||
  az keyvault create --name {vault} --resource-group {group} --location {location} \\
    --enable-rbac-authorization true --enable-purge-protection true --retention-days 90 --output none
vault=$(az keyvault show --name {vault} --resource-group {group} --query id --output tsv)
give 'Key Vault Crypto Officer' "$me" "$mine" "$vault"
key() {{
  az keyvault key show --vault-name {vault} --name {key} --output none 2>/dev/null ||
    az keyvault key create --vault-name {vault} --name {key} --kty RSA --size 3072 --ops encrypt decrypt --output none
}}
say 'key {key}'
patiently key
"""

_IDENTITIES = """
application() {{ # name; sets app and principal
  say "application $1"
  app=$(az ad app list --display-name "$1" --query '[0].appId' --output tsv)
  [ -n "$app" ] || app=$(az ad app create --display-name "$1" --sign-in-audience AzureADMyOrg --query appId --output tsv)
  az ad sp show --id "$app" --output none 2>/dev/null || az ad sp create --id "$app" --output none
  principal=$(az ad sp show --id "$app" --query id --output tsv)
}}
trust() {{ # name, what GitHub says of the job
  [ -n "$(az ad app federated-credential list --id "$app" --query "[?name=='$1'].name" --output tsv)" ] || {{
    say "trusts $1"
    az ad app federated-credential create --id "$app" --output none --parameters "$2"
  }}
}}
uses_state() {{
  give 'Storage Blob Data Contributor' "$principal" ServicePrincipal "$storage/blobServices/default/containers/{container}"
  give 'Key Vault Crypto User' "$principal" ServicePrincipal "$vault/keys/{key}"
}}

application {preview_name}
preview=$app
trust {preview} {preview_trust}
uses_state
give Reader "$principal" ServicePrincipal "/subscriptions/$subscription"
give 'Azure Kubernetes Service Cluster User Role' "$principal" ServicePrincipal "/subscriptions/$subscription"

application {ephemeral_name}
ephemeral=$app
trust {ephemeral} {ephemeral_trust}
uses_state
give Contributor "$principal" ServicePrincipal "/subscriptions/$subscription"
# For the roles that the program gives, and no others.
give 'Role Based Access Control Administrator' "$principal" ServicePrincipal "/subscriptions/$subscription" \\
  --condition-version 2.0 --condition {condition}
"""

_END = """
cat <<END

Pulumi keeps its state there:

  pulumi login '{backend}'
  pulumi stack init dev --secrets-provider='{secrets_provider}'
END
"""

_END_GITHUB = """
cat <<END

Settings of {github} (variables, none is a secret), once the environments {preview} and {ephemeral} are there:

  gh variable set AZURE_TENANT_ID --repo {github} --body $tenant
  gh variable set AZURE_SUBSCRIPTION_ID --repo {github} --body $subscription
  gh variable set PULUMI_BACKEND_URL --repo {github} --body '{backend}'
  gh variable set PULUMI_SECRETS_PROVIDER --repo {github} --body '{secrets_provider}'
  gh variable set AZURE_CLIENT_ID --repo {github} --env {preview} --body $preview
  gh variable set AZURE_CLIENT_ID --repo {github} --env {ephemeral} --body $ephemeral
END
"""


def script(wish: Wish) -> str:
    """POSIX sh. Wants the rights of an Owner of the subscription; for GitHub, to register applications too."""
    words = {name: getattr(wish, name) for name in ("group", "location", "account", "vault", "github")}
    words |= {"container": CONTAINER, "key": KEY, "backend": wish.backend, "secrets_provider": wish.secrets_provider}
    words |= {"preview": PREVIEW, "ephemeral": EPHEMERAL}
    chosen = f"az account set --subscription {wish.subscription}\n" if wish.subscription else ""
    parts = [_BEGIN + chosen, _STATE.format(**words)]
    if wish.github:
        parts.append(_IDENTITIES.format(**words, **_identities(wish)))
    parts.append(_END.format(**words))
    if wish.github:
        parts.append(_END_GITHUB.format(**words))
    return "".join(parts)


def _identities(wish: Wish) -> dict[str, str]:
    return {
        "preview_name": quote(f"mcp-gateway preview ({wish.github})"),
        "ephemeral_name": quote(f"mcp-gateway ephemeral ({wish.github})"),
        "preview_trust": quote(_trust(wish.github, PREVIEW)),
        "ephemeral_trust": quote(_trust(wish.github, EPHEMERAL)),
        "condition": quote(only(list(DEFINITIONS.values()))),
    }


def _trust(repository: str, environment: str) -> str:
    """Jobs of that repository in that environment, whose rules (who approves, which branches) are GitHub's to keep."""
    subject = f"repo:{repository}:environment:{environment}"
    credential = {"name": environment, "issuer": _ISSUER, "subject": subject, "audiences": [_AUDIENCE]}
    return msgspec.json.encode(credential).decode()


def only(definitions: Sequence[str]) -> str:
    """A condition: role assignments are made, and removed, for these roles alone. Whoever holds it makes nobody an Owner.

    https://learn.microsoft.com/azure/role-based-access-control/delegate-role-assignments-examples
    """
    these = "{" + ", ".join(sorted(definitions)) + "}"
    clauses = [
        f"((!(ActionMatches{{'{action}'}})) OR ({source}{_ASSIGNED} {these}))"
        for action, source in ((_WRITE, "@Request"), (_DELETE, "@Resource"))
    ]
    return " AND ".join(clauses)
