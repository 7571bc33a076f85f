"""Entra: the token endpoint for applications, on top of the identity provider, which signs. Strict where the real one is known to be.

https://learn.microsoft.com/entra/identity-platform/v2-oauth2-client-creds-grant-flow. Not here: people (`tests/fakes/authorization_*`).
"""

from collections import deque
from secrets import compare_digest
from urllib.parse import parse_qsl

import jwt

from tests.azure.application import Application
from tests.azure.replies import LIFE, error, json
from tests.fakes.identity_provider import IdentityProvider, Key, new_key
from tests.fakes.identity_provider_http import Answer, Asked

CLUSTER = "https://cluster.example/oidc"  # who issues the tokens of workloads
EXCHANGE = "api://AzureADTokenExchange"
_BEARER = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
_DEFAULT = "/.default"


class Refused(Exception):
    """Holds what is answered instead of a token."""

    def __init__(self, answer: Answer) -> None:
        super().__init__(answer.body)
        self.answer = answer


class Entra:
    """`asked` counts requests for tokens, `granted` lists the resources of those given out; `faults` are answered first, one
    each; tokens live `life` seconds."""

    def __init__(self, provider: IdentityProvider) -> None:
        self.provider = provider
        self.applications: dict[str, Application] = {}
        # Whose tokens are given out, and the audience of each (v2: the id of its application).
        self.resources = {f"api://{provider.client_id}": provider.client_id, provider.client_id: provider.client_id}
        self.cluster_key: Key = new_key()  # with which the cluster signs
        self.faults: deque[Answer] = deque()
        self.asked = 0
        self.granted: list[str] = []
        self.life = LIFE

    def respond(self, asked: Asked) -> Answer:
        """POST of the token endpoint; whatever else is the identity provider's."""
        if (asked.method, asked.path) != ("POST", f"/{self.provider.tenant}/oauth2/v2.0/token"):
            return Answer(404)
        self.asked += 1
        if self.faults:
            return self.faults.popleft()
        try:
            form = dict(parse_qsl(asked.body.decode(), strict_parsing=True))
            return self._granted(form)
        except Refused as refused:
            return refused.answer

    def token(self, application: Application, resource: str) -> str:
        """A token for a resource. Raises Refused."""
        if resource not in self.resources:
            text = f"The resource principal named {resource} was not found in the tenant."
            raise Refused(error(400, "invalid_resource", 500011, text))
        self.granted.append(resource)
        own = {"aud": self.resources[resource], "azp": application.client_id}
        return self.provider.app_token(application.object_id, application.roles, seconds=self.life, **own)

    def _granted(self, form: dict[str, str]) -> Answer:
        if form.get("grant_type") != "client_credentials":
            raise Refused(error(400, "unsupported_grant_type", 70003, "The app requested an unsupported grant type."))
        application = self._proven(form)
        scope = form.get("scope", "")
        if not scope.endswith(_DEFAULT):
            text = f"The provided value for scope {scope} is not valid: it must be suffixed with /.default."
            raise Refused(error(400, "invalid_scope", 1002012, text))
        token = self.token(application, scope.removesuffix(_DEFAULT))
        return json(
            {"token_type": "Bearer", "expires_in": self.life, "ext_expires_in": self.life, "access_token": token}
        )

    def _proven(self, form: dict[str, str]) -> Application:
        client = form.get("client_id", "")
        application = self.applications.get(client)
        if application is None:
            text = f"Application with identifier '{client}' was not found in the directory."
            raise Refused(error(400, "unauthorized_client", 700016, text))
        if form.get("client_assertion_type") == _BEARER:
            self._check_assertion(application, form.get("client_assertion", ""))
        elif not (application.secret and compare_digest(form.get("client_secret", ""), application.secret)):
            text = f"Invalid client secret provided, for a secret added to app '{client}'."
            raise Refused(error(401, "invalid_client", 7000215, text))
        return application

    def _check_assertion(self, application: Application, assertion: str) -> None:
        try:
            claims = jwt.decode(assertion, self.cluster_key.public_key(), ["RS256"], audience=EXCHANGE, issuer=CLUSTER)
        except jwt.ExpiredSignatureError:
            text = "Client assertion is not within its valid time range."
            raise Refused(error(401, "invalid_client", 700024, text)) from None
        except jwt.InvalidTokenError:
            text = "Client assertion failed signature validation."
            raise Refused(error(401, "invalid_client", 700027, text)) from None
        if not application.subject or claims.get("sub") != application.subject:
            text = f"No matching federated identity record found for presented assertion subject '{claims.get('sub')}'."
            raise Refused(error(401, "invalid_client", 700213, text))
