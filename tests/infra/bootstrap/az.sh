#!/bin/sh
# `az` for one script: knows the commands of it and refuses any other. What it has made are files in $AZ_STATE; it is as
# unforgiving as the real one where something is made twice, and a role that is given counts only at the third try.
echo "$*" >>"$AZ_STATE/calls"
cd "$AZ_STATE" || exit 1

of() { # the value of an option among the arguments
  wanted=$1
  shift
  while [ $# -gt 0 ]; do [ "$1" = "$wanted" ] && printf '%s' "$2" | tr '/ :' '___' && return; shift; done
}
error() { echo "ERROR: $1" >&2 && exit 1; }
once() { # a name, and what to say where it is there already
  [ ! -e "$1" ] || error "$2"
  : >"$1"
}
soon() { # counts to three
  tries=$(($(cat "tries-$1" 2>/dev/null || echo 0) + 1))
  echo $tries >"tries-$1"
  [ $tries -ge 3 ] || error "($1) AuthorizationFailed: the client does not have authorization"
}

case "$*" in
  "account show --query id --output tsv") echo 11111111-0000-4000-8000-000000000001 ;;
  "account show --query tenantId --output tsv") echo 11111111-0000-4000-8000-000000000002 ;;
  "account show --query user.type --output tsv") echo "${AZ_USER_TYPE:-user}" ;;
  "account show --query user.name --output tsv") echo robot ;;
  "account set --subscription "*) ;;
  "ad signed-in-user show --query id --output tsv") [ "${AZ_USER_TYPE:-user}" = user ] && echo me || error "/me request is only valid with delegated flow" ;;
  "group create "* | "storage account create "* | "storage account blob-service-properties update "*) ;;
  "storage account show "*) echo "/subscriptions/s/storageAccounts/$(of --name "$@")" ;;
  "storage container create "*) soon container ;;
  "keyvault show "*) [ -e vault ] || error VaultNotFound; case "$*" in *tsv*) echo /subscriptions/s/vaults/v ;; esac ;;
  "keyvault create "*) once vault "VaultAlreadyExists" ;;
  "keyvault key show "*) [ -e key ] || error KeyNotFound ;;
  "keyvault key create "*) soon key && once key "a second version of the key" ;;
  "role assignment create "*) once "role-$(of --role "$@")-$(of --assignee-object-id "$@")-$(of --scope "$@")" "(RoleAssignmentExists) The role assignment already exists." ;;
  "ad app list --display-name "*) cat "app-$(of --display-name "$@")" 2>/dev/null || true ;;
  "ad app create "*)
    once "app-$(of --display-name "$@")" "a second application"
    echo "id-$(of --display-name "$@")" | tee "app-$(of --display-name "$@")" ;;
  "ad sp show "*--query*) echo "sp-$(of --id "$@")" ;;
  "ad sp show "*) [ -e "sp-$(of --id "$@")" ] || error "does not exist" ;;
  "ad sp create "*) once "sp-$(of --id "$@")" "a second service principal" ;;
  "ad app federated-credential list "*) [ ! -e "trust-$(of --id "$@")" ] || echo there ;;
  "ad app federated-credential create "*) once "trust-$(of --id "$@")" "FederatedIdentityCredential with the same name exists" ;;
  *) error "unknown: $*" ;;
esac
