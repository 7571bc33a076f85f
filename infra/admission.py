"""Admission: asks the API server of a new cluster until it lets in whoever builds the stack. Gives no role itself.

A role assignment takes minutes to reach a cluster's authorizer; whatever is applied before fails with 403, halfway.
"""

import base64
from collections.abc import Callable

import aiohttp

from gateway.cluster.authority import trusting
from infra.deployer import TokenFor
from infra.kubeconfig import AKS_APPLICATION, ApiServer
from infra.waiting import Patience, until

SCOPE = f"{AKS_APPLICATION}/.default"
_PATIENCE = Patience(seconds=900)
_REVIEW = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_ASKED = {
    "apiVersion": "authorization.k8s.io/v1",
    "kind": "SelfSubjectAccessReview",
    "spec": {"resourceAttributes": {"group": "rbac.authorization.k8s.io", "resource": "roles", "verb": "create"}},
}
_SECONDS = aiohttp.ClientTimeout(total=20)


async def admitted(
    server: ApiServer, token_for: TokenFor, say: Callable[[str], None], patience: Patience = _PATIENCE
) -> None:
    """Returns once it may do what the program is about to. Raises TooLate."""
    trust = trusting(cadata=base64.b64decode(server.certificate_authority).decode())
    headers = {"Authorization": f"Bearer {await token_for(SCOPE)}"}
    async with aiohttp.ClientSession(headers=headers, timeout=_SECONDS) as session:

        async def ask() -> str:
            try:
                async with session.post(f"{server.url}{_REVIEW}", json=_ASKED, ssl=trust) as answer:
                    return await _standing(answer)
            except (aiohttp.ClientError, TimeoutError) as error:
                return f"it cannot be reached ({error or type(error).__name__})"

        await until("the cluster's API server", ask, patience, say)


async def _standing(answer: aiohttp.ClientResponse) -> str:
    if answer.status not in (200, 201):
        return f"it answers {answer.status}"
    allowed = (await answer.json()).get("status", {}).get("allowed")
    return "" if allowed else "the role has not arrived there yet"
