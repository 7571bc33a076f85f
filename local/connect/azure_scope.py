"""What to ask Azure for where a person names a scope. Pure.

Always `<resource>/.default`: whoever answers for the person (`az`, `azd`, PowerShell, a managed identity, a client secret, a
workload) is found out only by asking, and that is the one form all of them take. An app gets a token with its roles by it;
a person one with every scope of the resource that was consented to, the one named among them. A single scope goes wrong:
azure-identity hands it to `az` and to a managed identity as the name of a resource, and Entra refuses it to apps.
"""

import re

_GUID = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
# What azure-identity lets pass (`validate_scope`); it names a resource, then its scope.
_SCOPE = re.compile(r"(?P<resource>[a-z][a-z0-9+.-]*://[A-Za-z0-9._:-]+(/[A-Za-z0-9._:/-]*)?)/[A-Za-z0-9._:-]+")
_RESOURCE = re.compile(r"[a-z][a-z0-9+.-]*://[A-Za-z0-9._:-]+")


def azure_scope(scope: str) -> str:
    """`api://<id>/access` → `api://<id>/.default`; a resource without a scope will do. Raises ValueError."""
    if found := _SCOPE.fullmatch(scope):
        return f"{found['resource']}/.default"
    resource = scope.partition("/")[0] if _GUID.match(scope) else scope
    if _RESOURCE.fullmatch(resource) or _GUID.fullmatch(resource):
        return f"{resource}/.default"
    raise ValueError("not a scope in full")
